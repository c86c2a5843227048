{% block blockers %}
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
{% endblock %}

{% block end %}
{# For a person: who may end the session of whoever keeps everybody out. #}
KILL {{ session | literal }}
{% endblock %}

{% block held %}
{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT IS_USED_LOCK({{ key | literal }}) <=> CONNECTION_ID() AS held, CONNECTION_ID() AS session
{% endfor %}
{% endblock %}

{% block holder %}
{# As far as this admin may see: without PROCESS other users' sessions are not listed. #}
SELECT l.session, p.USER AS user, NULL AS application, p.HOST AS client,
       CONCAT(p.COMMAND, ' for ', p.TIME, ' s') AS since
FROM ({% for key in keys %}{% if not loop.first %} UNION {% endif %}SELECT IS_USED_LOCK({{ key | literal }}) AS session{% endfor %}) AS l
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = l.session
WHERE l.session IS NOT NULL AND l.session <> CONNECTION_ID()
LIMIT 1
{% endblock %}

{% block release %}
{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT RELEASE_LOCK({{ key | literal }}) AS held
{% endfor %}
{% endblock %}

{% block take %}
{# One row for each key. Nothing is taken where a pooler stands between and this is not the connection of our session:
   there it would be kept when we are gone. #}
{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT CONNECTION_ID() AS session,
    IF(CONNECTION_ID() = {{ session | literal }}, GET_LOCK({{ key | literal }}, 0), NULL) AS held
{% endfor %}
{% endblock %}
