ALTER DEFAULT PRIVILEGES FOR ROLE {% if creator %}{{ creator | ident }}{% else %}CURRENT_USER{% endif %} IN SCHEMA {{ schema | ident }}
    REVOKE {{ privileges | keywords }} ON {% if objects == "TABLES" %}TABLES{% elif objects == "SEQUENCES" %}SEQUENCES{% else %}ROUTINES{% endif %} FROM {{ grantee | ident }}
