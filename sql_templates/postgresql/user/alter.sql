{# Never the password: whose it is and who uses it is not known here. #}
ALTER ROLE {{ name | ident }} LOGIN
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
