SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 AS held, pg_catalog.format('%s row', pg_catalog.count(*)) AS observed
FROM {{ probe | ident }} WHERE word OPERATOR(pg_catalog.=) 'dbprov'
