SELECT COUNT(*) >= 0 AS held, CONCAT(COUNT(*), IF(COUNT(*) = 1, ' row', ' rows')) AS observed FROM {{ table | ident }}
