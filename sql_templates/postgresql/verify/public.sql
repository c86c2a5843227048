SELECT {% if asked %}NOT can{% else %}true{% endif %} AS held,
       CASE WHEN can THEN 'PUBLIC can connect{% if not asked %}, as before dbprov{% endif %}' ELSE 'PUBLIC cannot connect' END AS observed
FROM (SELECT pg_catalog.has_database_privilege('public', pg_catalog.current_database(), 'CONNECT') AS can) AS p
