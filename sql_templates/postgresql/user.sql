{% block inspect %}
SELECT r.rolname::text AS name, NULLIF(r.rolconnlimit, -1) AS connection_limit, r.rolcanlogin AS can_login,
       {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ name | literal }}
{% endblock %}

{% block guard %}
{% include "postgresql/fragments/no_role.sql" %}
{% endblock %}

{% block create %}
{# No NOSUPERUSER, NOREPLICATION and the like: managed services refuse the words, and they are the default (T27). #}
CREATE ROLE {{ name | ident }} LOGIN
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
    {%- if auth == "password" %}{{ fold }}PASSWORD {{ place | password(name) }}{% endif %}
{% endblock %}

{% block alter %}
{# Never the password: whose it is and who uses it is not known here. #}
ALTER ROLE {{ name | ident }} LOGIN
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
{% endblock %}

{% block restore %}
ALTER ROLE {{ name | ident }} {% if can_login %}LOGIN{% else %}NOLOGIN{% endif %}
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
{% endblock %}

{% block drop %}
DROP ROLE {{ name | ident }}
{% endblock %}

{% block verifiers %}
{# What the server keeps of a password; only a superuser may ask (T29). #}
SELECT a.rolname::text AS name, a.rolpassword AS verifier
FROM pg_authid AS a
WHERE a.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
{% endblock %}
