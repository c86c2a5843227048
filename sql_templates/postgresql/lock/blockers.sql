{# Whom a session waits for. Not what they run: it may hold a secret. Session 0 is a prepared transaction. #}
SELECT blocker AS session, a.usename::text AS "user", nullif(a.application_name, '') AS application,
       host(a.client_addr) AS client,
       to_char(coalesce(a.xact_start, a.backend_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM unnest(pg_blocking_pids({{ session | literal }})) AS blocker LEFT JOIN pg_stat_activity AS a ON a.pid = blocker
