{# One GRANT for all of them, made by the server from its own catalogue: the same text serves before and after the
   application has made its tables, and whoever else may have made some in between. #}
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
{% include "postgresql/fragments/objects.sql" %}
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON {% if objects == "TABLES" %}TABLE{% elif objects == "SEQUENCES" %}SEQUENCE{% else %}ROUTINE{% endif %} ' || lacking || format(' TO %I', {{ grantee | body_literal }}::text);
    END IF;
END
$dbprov$
