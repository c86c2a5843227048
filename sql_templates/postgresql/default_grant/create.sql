{# Without FOR ROLE they would hold for whoever runs this, and for nobody else (T17). #}
ALTER DEFAULT PRIVILEGES FOR ROLE {% if creator %}{{ creator | ident }}{% else %}CURRENT_USER{% endif %} IN SCHEMA {{ schema | ident }}
    GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON {% if objects == "TABLES" %}TABLES{% elif objects == "SEQUENCES" %}SEQUENCES{% else %}ROUTINES{% endif %} TO {{ grantee | ident }}
