SELECT {{ function | ident }}() OPERATOR(pg_catalog.=) 42 AS held, 'it answered' AS observed
