{# In the creator's transaction, which is rolled back: nobody ever sees these objects. What must be there, and what must not. #}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 AS held, coalesce(pg_catalog.string_agg(what, ', '), 'exactly that') AS observed
FROM (
    SELECT pg_catalog.concat(CASE WHEN has THEN 'may ' ELSE 'may not ' END, p) AS what
    FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p,
         LATERAL (SELECT pg_catalog.has_table_privilege({{ user | literal }}, pg_catalog.format('%I.%I', {{ schema | literal }}, {{ probe | literal }}), p) AS has) AS h
    WHERE has OPERATOR(pg_catalog.<>) (p OPERATOR(pg_catalog.=) ANY (ARRAY[{{ tables | literals }}]))
    UNION ALL
    SELECT 'may not use the sequence'
    WHERE NOT pg_catalog.has_sequence_privilege({{ user | literal }}, pg_catalog.format('%I.%I', {{ schema | literal }}, {{ sequence | literal }}), {{ sequences | literal }})
    {% if routines -%}
    UNION ALL
    SELECT 'may not call the function'
    WHERE NOT pg_catalog.has_function_privilege({{ user | literal }}, pg_catalog.format('%I.%I()', {{ schema | literal }}, {{ function | literal }}), 'EXECUTE')
    {% endif -%}
) AS t
