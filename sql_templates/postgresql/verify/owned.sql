SELECT pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.=) {{ user | literal }} AS held,
       pg_catalog.format('of %s', pg_catalog.pg_get_userbyid(c.relowner)) AS observed
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({{ probe | literal }})
