{% block administer %}
GRANT {{ role | ident }} TO {{ admin | ident }} WITH ADMIN OPTION
{% endblock %}

{% block attribute %}
ALTER ROLE {{ admin | ident }} {{ attribute | keywords }}
{% endblock %}

{% block enter %}
GRANT CONNECT ON DATABASE {{ database | ident }} TO {{ admin | ident }}
{% endblock %}

{% block extension %}
CREATE EXTENSION IF NOT EXISTS {{ extension | ident }} SCHEMA {{ schema | ident }}
{% endblock %}

{% block preset %}
{% if source == 'database' -%}
ALTER DATABASE {{ database | ident }} RESET {{ preset | ident }}
{%- else -%}
ALTER ROLE {{ admin | ident }} {% if source == 'database user' %}IN DATABASE {{ database | ident }} {% endif %}RESET {{ preset | ident }}
{%- endif %}
{% endblock %}
