{# One row for each key. Nothing is taken where a pooler stands between and this is not the backend of our session: there
   it would be kept when we are gone. Tried, and never waited for: a waiting session holds a snapshot, and keeps vacuum
   from cleaning. #}
SELECT pg_backend_pid() AS session,
       CASE WHEN pg_backend_pid() = {{ session | literal }}
            THEN pg_try_advisory_lock({% include "postgresql/fragments/lock_family.sql" %}, key) END AS held
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
