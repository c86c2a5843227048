SELECT r.rolname::text AS name, NULLIF(r.rolconnlimit, -1) AS connection_limit, r.rolcanlogin AS can_login,
       {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ name | literal }}
