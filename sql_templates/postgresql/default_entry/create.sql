ALTER DEFAULT PRIVILEGES FOR ROLE {{ grantor | ident }}{% if schema is not none %} IN SCHEMA {{ schema | ident }}{% endif %}

    GRANT {{ privileges | keywords }} ON {{ [objects] | keywords }} TO {{ grantee | ident }}{% if option %} WITH GRANT OPTION{% endif %}
