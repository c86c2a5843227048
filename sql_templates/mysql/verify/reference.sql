CREATE TABLE {{ referring | ident }} (id INTEGER, FOREIGN KEY (id) REFERENCES {{ probe | ident }} (id))
