{% block inspect %}
{# The size only where the admin may connect; else asking for it is an error. #}
SELECT ARRAY(SELECT pg_size_pretty(pg_database_size(d.oid)) WHERE has_database_privilege(d.oid, 'CONNECT'))
           || ARRAY(SELECT format('%s objects of %I', count(*), r.rolname)
                    FROM pg_shdepend AS s JOIN pg_roles AS r ON r.oid = s.refobjid
                    WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid = d.oid AND s.deptype = 'o'
                    GROUP BY r.rolname ORDER BY r.rolname) AS holds,
       ARRAY(SELECT 'replication slot ' || quote_ident(p.slot_name) FROM pg_replication_slots AS p WHERE p.database = d.datname)
           || ARRAY(SELECT 'prepared transaction ' || quote_literal(p.gid) FROM pg_prepared_xacts AS p WHERE p.database = d.datname)
           || ARRAY(SELECT 'subscription ' || quote_ident(p.subname) FROM pg_subscription AS p WHERE p.subdbid = d.oid)
           || ARRAY(SELECT 'it is a template' WHERE d.datistemplate) AS blockers
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{% endblock %}
