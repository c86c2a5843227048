{# Up to PostgreSQL 14 public belongs to the bootstrap superuser: another admin's GRANT there succeeds with a warning and
   grants nothing (T82), so it is not tried. Roles borrowed in this transaction count, hence pg_has_role alone. #}
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = {{ schema | literal }}
