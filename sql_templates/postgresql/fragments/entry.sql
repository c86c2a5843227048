{# The privileges and the things of an entry. A column's name stands with each privilege; a routine goes by its input types (T9). -#}
{% if sort == "COLUMN" -%}
{% for word in privileges %}{{ [word] | keywords }} ({{ things[0][2] | ident }}){% if not loop.last %}, {% endif %}{% endfor %} ON TABLE {{ [things[0][:2]] | paths }}
{%- elif sort == "ROUTINE" -%}
{{ privileges | keywords }} ON ROUTINE {{ things | signatures }}
{%- else -%}
{{ privileges | keywords }} ON {{ [sort] | keywords }} {{ things | paths }}
{%- endif %}
