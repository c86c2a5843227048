{# Which run of which server a session is on. UNIX_TIMESTAMP() and Uptime are of the same second in one statement, so the
   difference is the second of the start, always the same one. Any admin may ask. #}
SELECT DATE_FORMAT(TIMESTAMPADD(SECOND, UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED), '1970-01-01'), '%Y-%m-%d %H:%i:%s') AS started,
       CONCAT(@@hostname, ':', @@port) AS named
FROM {% if mariadb %}information_schema{% else %}performance_schema{% endif %}.global_status
WHERE VARIABLE_NAME = 'Uptime'
