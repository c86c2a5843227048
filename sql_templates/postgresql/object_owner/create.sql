{# Grants that the owner before gave are the new owner's from now on (T16). #}
ALTER {{ [sort] | keywords }} {{ schema | ident }}.{{ name | ident }}
    {%- if sort == "ROUTINE" %}({% for n in argument_schemas %}{{ n | ident }}.{{ argument_types[loop.index0] | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endif %} OWNER TO {{ owner | ident }}
