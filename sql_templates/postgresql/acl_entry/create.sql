GRANT {% include "postgresql/fragments/entry.sql" %}

    TO {{ grantee | ident }}{% if option %} WITH GRANT OPTION{% endif %}
