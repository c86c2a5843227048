GRANT {{ role | ident }} TO {{ grantee | ident }}{% if option %} WITH ADMIN OPTION{% endif %}
