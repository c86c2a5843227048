INSERT INTO {{ probe | ident }} (word) VALUES ('dbprov')
