CREATE TABLE {{ referring | ident }} (id integer PRIMARY KEY REFERENCES {{ probe | ident }} (id))
