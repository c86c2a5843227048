{% if source == 'database' -%}
ALTER DATABASE {{ database | ident }} RESET {{ preset | ident }}
{%- else -%}
ALTER ROLE {{ admin | ident }} {% if source == 'database user' %}IN DATABASE {{ database | ident }} {% endif %}RESET {{ preset | ident }}
{%- endif %}
