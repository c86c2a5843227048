ALTER ROLE {{ name | ident }} {% if can_login %}LOGIN{% else %}NOLOGIN{% endif %}
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
