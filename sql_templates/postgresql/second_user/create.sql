CREATE ROLE {{ name | ident }} NOLOGIN
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
