SELECT COUNT(*) >= 0 AS held, CONCAT(COUNT(*), ' rows') AS observed FROM {{ table | ident }}
