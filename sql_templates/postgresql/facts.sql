SELECT current_setting('server_version_num')::int AS number,
       current_setting('server_version') AS version,
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
