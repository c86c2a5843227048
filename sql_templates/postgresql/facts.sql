{# The system identifier is asked for in a text that ts_stat runs only where it is reached: a function that may not be
   called fails when a query starts, in a branch that is never taken too. Who may not call it gets the server's address. #}
SELECT current_setting('server_version_num')::int AS number,
       current_setting('server_version') AS version,
       CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN 'system ' || (SELECT word FROM ts_stat('SELECT array_to_tsvector(ARRAY[system_identifier::text]) FROM pg_control_system()'))
            ELSE 'address ' || coalesce(host(inet_server_addr()), 'local') || ':' || current_setting('port')
       END AS identity,
       current_user::text AS admin,
       rolsuper AS superuser,
       rolcreaterole AS createrole,
       rolcreatedb AS createdb,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only,
       (SELECT CASE rolname WHEN 'rds_superuser' THEN 'RDS' WHEN 'azure_pg_admin' THEN 'Azure'
                            ELSE 'Cloud SQL' END
        FROM pg_roles
        WHERE rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser') LIMIT 1) AS service
FROM pg_roles
WHERE rolname = current_user
