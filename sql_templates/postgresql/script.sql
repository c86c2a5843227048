{% block begin %}
BEGIN;
{% endblock %}

{% block end %}
COMMIT;
{% endblock %}

{% block enter %}
\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

{% include "postgresql/fragments/psql_settings.sql" %}
{% endblock %}

{% block head %}
{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
--
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
--
\set ON_ERROR_STOP on
\set QUIET on
{% include "postgresql/fragments/psql_settings.sql" %}
{% endblock %}

{% block password %}
{# From the environment, where it was not given with -v: a command line can be seen by everybody on the machine. #}
\if :{?{{ variable | variable }}}
\else
\getenv {{ variable | variable }} {{ variable | variable }}
\endif
{% endblock %}
