{# No limit is 0 here; below that stands for it elsewhere. #}
ALTER USER {{ name | literal }}@{{ host | literal }}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {% if connection_limit < 0 %}0{% else %}{{ connection_limit | literal }}{% endif %}{% endif %} ACCOUNT {% if can_login %}UNLOCK{% else %}LOCK{% endif %}
