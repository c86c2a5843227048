{# Of this database, and of what belongs to no database: of a database itself too (T76). #}
REASSIGN OWNED BY {{ user | ident }} TO {{ heir | ident }}
