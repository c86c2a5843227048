{# In the creator's transaction, which is rolled back: nobody ever sees these objects. What must be there, and what must not. #}
SELECT count(*) = 0 AS held, coalesce(string_agg(what, ', '), 'exactly that') AS observed
FROM (
    SELECT CASE WHEN has THEN 'may ' ELSE 'may not ' END || p AS what
    FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p,
         LATERAL (SELECT has_table_privilege({{ user | literal }}, format('%I.%I', {{ schema | literal }}, {{ probe | literal }}), p) AS has) AS h
    WHERE has <> (p = ANY (ARRAY[{{ tables | literals }}]))
    UNION ALL
    SELECT 'may not use the sequence'
    WHERE NOT has_sequence_privilege({{ user | literal }}, format('%I.%I', {{ schema | literal }}, {{ sequence | literal }}), {{ sequences | literal }})
    {% if routines -%}
    UNION ALL
    SELECT 'may not call the function'
    WHERE NOT has_function_privilege({{ user | literal }}, format('%I.%I()', {{ schema | literal }}, {{ function | literal }}), 'EXECUTE')
    {% endif -%}
) AS t
