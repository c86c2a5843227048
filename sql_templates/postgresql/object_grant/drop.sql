{# What is gone meanwhile is left out. A REVOKE on a table takes what was granted on its columns, too: that is given again. #}
DO $dbprov$
DECLARE
    there pg_catalog.text;
    one pg_catalog.text;
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    SELECT string_agg(o, ', ') INTO there FROM unnest(ARRAY[{{ lacking | body_literals }}]::text[]) AS o
    WHERE {% if objects == "ROUTINES" %}to_regprocedure(o){% else %}to_regclass(o){% endif %} IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE {{ privileges | keywords }} ON {% if objects == "TABLES" %}TABLE{% elif objects == "SEQUENCES" %}SEQUENCE{% else %}ROUTINE{% endif %} ' || there || format(' FROM %I', {{ grantee | body_literal }}::text);
    END IF;
    FOREACH one IN ARRAY ARRAY[{{ columns | body_literals }}]::text[] LOOP
        EXECUTE 'GRANT ' || one || format(' TO %I', {{ grantee | body_literal }}::text);
    END LOOP;
END
$dbprov$
