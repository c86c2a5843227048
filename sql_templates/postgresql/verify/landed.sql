SELECT n.nspname = {{ schema | literal }} AS held, format('in schema %s', n.nspname) AS observed
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass({{ probe | literal }})
