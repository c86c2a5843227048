SELECT COUNT(*) = 1 AS held, CONCAT(COUNT(*), ' row') AS observed FROM {{ table | ident }} WHERE word = 'dbprov'
