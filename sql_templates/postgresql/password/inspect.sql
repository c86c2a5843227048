SELECT r.rolname::text AS "user", {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ user | literal }}
