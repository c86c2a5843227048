{# A row of privileges, spelled as it is stored: no escaping here (T43). -#}
{% if sort == "COLUMN" -%}
{% for word in privileges %}{{ [word] | keywords }} ({{ things[0][2] | ident }}){% if not loop.last %}, {% endif %}{% endfor %} ON {{ things[0][0] | ident }}.{{ things[0][1] | ident }}
{%- else -%}
{{ privileges | keywords }} ON {% if sort == "GLOBAL" %}*.*
{%- elif sort == "DATABASE" %}{{ things[0][0] | ident }}.*
{%- else %}{{ [sort] | keywords }} {{ things[0][0] | ident }}.{{ things[0][1] | ident }}
{%- endif %}{%- endif %}
