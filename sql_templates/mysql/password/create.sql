ALTER USER {{ user | literal }}@{{ host | literal }}
    IDENTIFIED BY {{ place | password(user) }}
    {%- if retain %} RETAIN CURRENT PASSWORD{% endif %}
