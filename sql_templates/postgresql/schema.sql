{% block inspect %}
SELECT n.nspname::text AS name FROM pg_namespace AS n WHERE n.nspname = {{ name | literal }}
{% endblock %}

{% block guard %}
{# CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where the schema exists. #}
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {{ name | literal }}) AS missing
{% endblock %}

{% block create %}
CREATE SCHEMA {{ name | ident }}{% if owner %} AUTHORIZATION {{ owner | ident }}{% endif %}
{% endblock %}

{% block drop %}
{# RESTRICT: a schema with anything in it stays. #}
DROP SCHEMA {{ name | ident }} RESTRICT
{% endblock %}
