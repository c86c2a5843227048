{# As far as this admin may see: without pg_read_all_stats the address of other users' sessions is NULL. Anybody may take such a
   lock; session 0 is a prepared transaction. #}
SELECT coalesce(l.pid, 0) AS session, coalesce(a.usename, p.owner)::text AS "user",
       coalesce(nullif(a.application_name, ''), 'prepared transaction ' || p.gid) AS application,
       host(a.client_addr) AS client, to_char(coalesce(a.backend_start, p.prepared), 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts AS p ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction::text
WHERE l.locktype = 'advisory' AND l.classid = {% include "postgresql/fragments/lock_family.sql" %} AND l.objsubid = 2 AND l.granted
  AND l.objid::bigint IN ({{ keys | literals }}) AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LIMIT 1
