SELECT session_user::text = ANY (ARRAY[{{ logins | literals }}]) AND current_user = {{ user | literal }} AS held,
       format('as %s, %s', concat_ws(' in the role of ', session_user, nullif(current_user, session_user)), coalesce((SELECT s.version FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid() AND s.ssl), 'without TLS')) AS observed
