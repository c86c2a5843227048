SELECT count(*) = 1 AS held, format('%s row', count(*)) AS observed FROM {{ probe | ident }} WHERE word = 'dbprov'
