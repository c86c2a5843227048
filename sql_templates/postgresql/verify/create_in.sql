CREATE TABLE {{ schema | ident }}.{{ probe | ident }} (id integer PRIMARY KEY)
