{# Whom a session waits for. Not what they run: it may hold a secret. Nothing where performance_schema is off or hidden
   from this admin. #}
SELECT DISTINCT t.PROCESSLIST_ID AS session, t.PROCESSLIST_USER AS user, NULL AS application,
       t.PROCESSLIST_HOST AS client, CONCAT(t.PROCESSLIST_COMMAND, ' for ', t.PROCESSLIST_TIME, ' s') AS since
FROM performance_schema.threads AS us
JOIN performance_schema.metadata_locks AS w ON w.OWNER_THREAD_ID = us.THREAD_ID AND w.LOCK_STATUS = 'PENDING'
JOIN performance_schema.metadata_locks AS l
    ON l.OBJECT_TYPE = w.OBJECT_TYPE AND l.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND l.OBJECT_NAME <=> w.OBJECT_NAME
        AND l.LOCK_STATUS = 'GRANTED' AND l.OWNER_THREAD_ID <> w.OWNER_THREAD_ID
JOIN performance_schema.threads AS t ON t.THREAD_ID = l.OWNER_THREAD_ID
WHERE us.PROCESSLIST_ID = {{ session | literal }}
