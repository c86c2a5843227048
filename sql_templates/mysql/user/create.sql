CREATE USER IF NOT EXISTS {{ name | literal }}@{{ host | literal }}
    IDENTIFIED BY {{ place | password(name) }}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}{% endif %}
