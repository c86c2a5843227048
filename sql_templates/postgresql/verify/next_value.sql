SELECT pg_catalog.nextval({{ sequence | literal }}::pg_catalog.regclass) OPERATOR(pg_catalog.=) 1 AS held, 'next value 1' AS observed
