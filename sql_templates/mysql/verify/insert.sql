INSERT INTO {{ table | ident }} (word) VALUES ('dbprov')
