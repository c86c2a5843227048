{# No NOSUPERUSER, NOREPLICATION and the like: managed services refuse the words, and they are the default (T27). #}
CREATE ROLE {{ name | ident }} LOGIN
    {%- if connection_limit is not none %}
    CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
    {%- if auth == "password" %}
    PASSWORD {{ place | password(name) }}{% endif %}
