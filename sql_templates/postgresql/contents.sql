{% block inspect %}
{# The size only where the admin may connect; else asking for it is an error. #}
SELECT ARRAY(SELECT pg_size_pretty(pg_database_size(d.oid)) WHERE has_database_privilege(d.oid, 'CONNECT'))
           || ARRAY(SELECT format('%s of %I (%s)', k.sort, r.rolname, count(*))
                    FROM pg_shdepend AS s JOIN pg_roles AS r ON r.oid = s.refobjid,
                         LATERAL (SELECT CASE s.classid::regclass::text WHEN 'pg_class' THEN 'tables, views and sequences' WHEN 'pg_proc' THEN 'functions'
                                         WHEN 'pg_namespace' THEN 'schemas' WHEN 'pg_type' THEN 'types' WHEN 'pg_default_acl' THEN 'default privileges'
                                         WHEN 'pg_largeobject' THEN 'large objects' ELSE 'other objects' END AS sort) AS k
                    WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid = d.oid AND s.deptype = 'o'
                    GROUP BY k.sort, r.rolname ORDER BY r.rolname, k.sort) AS holds,
       ARRAY(SELECT 'replication slot ' || quote_ident(p.slot_name) FROM pg_replication_slots AS p WHERE p.database = d.datname)
           || ARRAY(SELECT 'prepared transaction ' || quote_literal(p.gid) FROM pg_prepared_xacts AS p WHERE p.database = d.datname)
           || ARRAY(SELECT 'subscription ' || quote_ident(p.subname) FROM pg_subscription AS p WHERE p.subdbid = d.oid)
           || ARRAY(SELECT 'it is a template' WHERE d.datistemplate) AS blockers
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{% endblock %}
