{% block administer %}
{# Enough to alter it, and to lend itself its rights where a step needs them. Up to 15 that is CREATEROLE (T28). #}
GRANT {{ role | ident }} TO {{ admin | ident }}{% if version >= (16,) %} WITH ADMIN TRUE, {% if rights %}INHERIT TRUE, SET TRUE{% else %}INHERIT FALSE, SET FALSE{% endif %}{% else %} WITH ADMIN OPTION{% endif %}
{% endblock %}

{% block attribute %}
ALTER ROLE {{ admin | ident }} {{ attribute | keywords }}
{% endblock %}

{% block close %}
REVOKE CONNECT ON DATABASE {{ database | ident }} FROM PUBLIC
{% endblock %}

{% block writable %}
SET default_transaction_read_only = off
{% endblock %}

{% block enter %}
GRANT CONNECT ON DATABASE {{ database | ident }} TO {{ admin | ident }}
{% endblock %}

{% block allow %}
ALTER DATABASE {{ database | ident }} ALLOW_CONNECTIONS true
{% endblock %}

{% block drop_invalid %}
DROP DATABASE {{ database | ident }}
{% endblock %}

{% block extension %}
CREATE EXTENSION IF NOT EXISTS {{ extension | ident }} SCHEMA {{ schema | ident }}
{% endblock %}

{% block extension_schema %}
CREATE SCHEMA IF NOT EXISTS {{ schema | ident }}
{% endblock %}

{% block grant %}
{# What the admin is to grant on, and no more: with the grant option; what it is to use itself, without it. #}
GRANT {{ privileges | keywords }} ON {{ sort | keywords }} {% if sort[0] == "ROUTINE" %}{{ things | signature_lines }}{% else %}{{ things | path_lines }}{% endif %}{{ fold }}TO {{ admin | ident }}{% if option %} WITH GRANT OPTION{% endif %}
{% endblock %}

{% block never_expires %}
ALTER ROLE {{ role | ident }} VALID UNTIL 'infinity'
{% endblock %}

{% block no_limit %}
{% if role -%}
ALTER ROLE {{ role | ident }} CONNECTION LIMIT -1
{%- else -%}
ALTER DATABASE {{ database | ident }} CONNECTION LIMIT -1
{%- endif %}
{% endblock %}

{% block own %}
ALTER DATABASE {{ database | ident }} OWNER TO {{ admin | ident }}
{% endblock %}

{% block log_in %}
ALTER ROLE {{ role | ident }} LOGIN
{% endblock %}

{% block member %}
{# The rights of the role: without SET an object of it could not be given away, without INHERIT nothing granted. #}
GRANT {{ role | ident }} TO {{ admin | ident }}{% if version >= (16,) %} WITH INHERIT TRUE, SET TRUE{% endif %}
{% endblock %}

{% block own_defaults %}
ALTER DEFAULT PRIVILEGES FOR ROLE {{ role | ident }} GRANT ALL ON {{ objects | keywords }} TO {{ role | ident }}
{% endblock %}

{% block preset %}
{% if source == 'database' -%}
ALTER DATABASE {{ database | ident }} RESET {{ preset | ident }}
{%- else -%}
ALTER ROLE {% if admin %}{{ admin | ident }}{% else %}ALL{% endif %} {% if source == 'database user' %}IN DATABASE {{ database | ident }} {% endif %}RESET {{ preset | ident }}
{%- endif %}
{% endblock %}
