SELECT key IN (SELECT objid::bigint FROM pg_locks
               WHERE locktype = 'advisory' AND classid = {% include "postgresql/fragments/lock_family.sql" %} AND objsubid = 2 AND granted
                 AND pid = pg_backend_pid()) AS held,
       pg_backend_pid() AS session
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
