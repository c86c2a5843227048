UPDATE {{ table | ident }} SET word = 'dbprov'
