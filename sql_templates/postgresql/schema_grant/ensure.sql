{# The same for a schema; up to PostgreSQL 14 PUBLIC's rights on public are enough (T82). #}
DO $dbprov$
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF EXISTS (SELECT FROM unnest(ARRAY[{{ privileges | body_literals }}]) AS p
               WHERE NOT has_schema_privilege({{ grantee | body_literal }}, {{ schema | body_literal }}, p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$
