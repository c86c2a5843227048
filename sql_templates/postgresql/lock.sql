{% block blockers %}
{# Whom a session waits for. Not what they run: it may hold a secret. Session 0 is a prepared transaction. #}
SELECT blocker AS session, a.usename::text AS "user", nullif(a.application_name, '') AS application,
       host(a.client_addr) AS client,
       to_char(coalesce(a.xact_start, a.backend_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM unnest(pg_blocking_pids({{ session | literal }})) AS blocker LEFT JOIN pg_stat_activity AS a ON a.pid = blocker
{% endblock %}

{% block end %}
{# For a person: who may end the session of whoever keeps everybody out. #}
SELECT pg_catalog.pg_terminate_backend({{ session | literal }})
{% endblock %}

{% block held %}
SELECT key IN (SELECT objid::bigint FROM pg_locks
               WHERE locktype = 'advisory' AND classid = {% include "postgresql/fragments/lock_family.sql" %} AND objsubid = 2 AND granted
                 AND pid = pg_backend_pid()) AS held,
       pg_backend_pid() AS session
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
{% endblock %}

{% block holder %}
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
{% endblock %}

{% block release %}
SELECT pg_advisory_unlock({% include "postgresql/fragments/lock_family.sql" %}, key) AS held
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
{% endblock %}

{% block take %}
{# One row for each key. Nothing is taken where a pooler stands between and this is not the backend of our session: there
   it would be kept when we are gone. Tried, and never waited for: a waiting session holds a snapshot, and keeps vacuum
   from cleaning. #}
SELECT pg_backend_pid() AS session,
       CASE WHEN pg_backend_pid() = {{ session | literal }}
            THEN pg_try_advisory_lock({% include "postgresql/fragments/lock_family.sql" %}, key) END AS held
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
{% endblock %}
