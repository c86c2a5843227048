CREATE TABLE {{ probe | ident }} (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word pg_catalog.text)
