{% block head %}
{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
{% endblock %}
