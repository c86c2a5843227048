SELECT n.nspname OPERATOR(pg_catalog.=) {{ schema | literal }} AS held, pg_catalog.format('in schema %s', n.nspname) AS observed
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({{ probe | literal }})
