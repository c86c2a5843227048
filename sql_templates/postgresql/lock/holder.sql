{# As far as this admin may see: without pg_read_all_stats the address of other users' sessions is NULL. #}
SELECT l.pid AS session, a.usename::text AS "user", nullif(a.application_name, '') AS application,
       host(a.client_addr) AS client, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid = {% include "postgresql/fragments/lock_family.sql" %} AND l.objsubid = 2 AND l.granted
  AND l.objid::bigint IN ({{ keys | literals }}) AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LIMIT 1
