SELECT pg_get_userbyid(c.relowner) = {{ user | literal }} AS held, format('of %s', pg_get_userbyid(c.relowner)) AS observed
FROM pg_class AS c
WHERE c.oid = to_regclass({{ probe | literal }})
