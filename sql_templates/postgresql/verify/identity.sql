SELECT session_user OPERATOR(pg_catalog.=) ANY (ARRAY[{{ logins | literals }}]::pg_catalog.name[])
           AND current_user OPERATOR(pg_catalog.=) {{ user | literal }} AS held,
       pg_catalog.format('as %s, %s',
           CASE WHEN session_user OPERATOR(pg_catalog.=) current_user THEN session_user
                ELSE pg_catalog.concat(session_user, ' in the role of ', current_user) END,
           coalesce((SELECT s.version FROM pg_catalog.pg_stat_ssl AS s
                     WHERE s.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND s.ssl), 'without TLS')) AS observed
