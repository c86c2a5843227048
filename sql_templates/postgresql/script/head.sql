{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
--
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
--
\set ON_ERROR_STOP on
\set QUIET on
{% include "postgresql/script/settings.sql" %}
