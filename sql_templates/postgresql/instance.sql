{# Which run of which server a session is on: asked at the start of each of the admin's sessions, so every name is
   qualified. The time as text of our own: a database may preset time zone, date style and the digits of numbers. #}
SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()), 'YYYY-MM-DD HH24:MI:SS.US') AS started,
       pg_catalog.concat('port ', pg_catalog.current_setting('port')) AS named,
       pg_catalog.host(pg_catalog.inet_server_addr()) AS address
