{# Also those that a role gives which it may become. #}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 AS held,
       coalesce(pg_catalog.string_agg(DISTINCT pg_catalog.concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                                CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
                                CASE WHEN rolreplication THEN 'REPLICATION' END, 'by', rolname), ', '), 'none of these') AS observed
FROM pg_catalog.pg_roles
WHERE (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication) AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
