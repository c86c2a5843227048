{% block server %}
SELECT current_setting('default_transaction_isolation') AS isolation,
       (SELECT s.reset_val || coalesce(s.unit, '') FROM pg_settings AS s
        WHERE s.name = 'idle_in_transaction_session_timeout' AND s.source IN ('configuration file', 'command line')) AS idle_in_transaction_session_timeout,
       (SELECT s.reset_val || coalesce(s.unit, '') FROM pg_settings AS s
        WHERE s.name = 'statement_timeout' AND s.source IN ('configuration file', 'command line')) AS statement_timeout,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections
{% endblock %}

{% block database %}
SELECT pg_encoding_to_char(d.encoding)::text AS encoding, NULLIF(d.datconnlimit, -1) AS connections
FROM pg_database AS d
WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block users %}
{# What is in effect for a role in a database: its setting there, else its own, else the database's (T68). Asked of the catalogue:
   in the admin's own session nothing is in effect that others preset. #}
SELECT r.rolname::text AS name, NULLIF(r.rolconnlimit, -1) AS connections, p.search_path, p.isolation, p.statement_timeout,
       p.idle_in_transaction_session_timeout
FROM pg_roles AS r,
     LATERAL (SELECT max(e.value) FILTER (WHERE e.name = 'search_path') AS search_path,
                     max(e.value) FILTER (WHERE e.name = 'default_transaction_isolation') AS isolation,
                     max(e.value) FILTER (WHERE e.name = 'statement_timeout') AS statement_timeout,
                     max(e.value) FILTER (WHERE e.name = 'idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout
              FROM (SELECT DISTINCT ON (1) split_part(c.entry, '=', 1) AS name, substr(c.entry, strpos(c.entry, '=') + 1) AS value
                    FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c(entry)
                    WHERE s.setrole IN (0, r.oid)
                      AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = {{ database | literal }}))
                    ORDER BY 1, s.setrole = 0, s.setdatabase = 0) AS e) AS p
WHERE r.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
{% endblock %}
