CREATE TABLE {{ referring | ident }} (id integer REFERENCES {{ probe | ident }} (id))
