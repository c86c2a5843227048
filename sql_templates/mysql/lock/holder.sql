{# As far as this admin may see: without PROCESS other users' sessions are not listed. #}
SELECT l.session, p.USER AS user, NULL AS application, p.HOST AS client,
       CONCAT(p.COMMAND, ' for ', p.TIME, ' s') AS since
FROM ({% for key in keys %}{% if not loop.first %} UNION {% endif %}SELECT IS_USED_LOCK({{ key | literal }}) AS session{% endfor %}) AS l
LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = l.session
WHERE l.session IS NOT NULL AND l.session <> CONNECTION_ID()
LIMIT 1
