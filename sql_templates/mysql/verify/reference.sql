CREATE TABLE {{ referring | ident }} (id INTEGER PRIMARY KEY, FOREIGN KEY (id) REFERENCES {{ probe | ident }} (id))
