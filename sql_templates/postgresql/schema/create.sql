CREATE SCHEMA {{ name | ident }}{% if owner %} AUTHORIZATION {{ owner | ident }}{% endif %}
