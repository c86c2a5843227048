{% block inspect %}
{# What the server would refuse in the middle of REASSIGN OWNED (42501), asked before anything is changed. A new owner needs
   CREATE where a function, operator, collation ... stands; not for relations and types, which are handed over unasked, nor in a
   schema that is handed over too. Whoever hands over a schema needs CREATE on the database: the admin, who acts as both roles
   then. A superuser is asked nothing. -#}
SELECT coalesce(array_agg(DISTINCT n.what ORDER BY n.what), '{}') AS lacks,
       coalesce(array_agg(DISTINCT n.given ORDER BY n.given), '{}') AS grants
FROM (SELECT s.classid, s.objid, u.oid AS owner
      FROM pg_shdepend AS s
      JOIN pg_roles AS u ON u.oid = s.refobjid
      JOIN pg_roles AS a ON a.rolname = current_user AND NOT a.rolsuper
      WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND u.rolname = {{ user | literal }}
        AND s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())) AS o
JOIN pg_roles AS h ON h.rolname = {{ new_owner | literal }}
CROSS JOIN LATERAL (SELECT w.what, format('GRANT %s TO %I', w.what, h.rolname) AS given FROM (
    SELECT format('CREATE ON SCHEMA %s', i.schema) AS what
    FROM pg_identify_object(o.classid, o.objid, 0) AS i JOIN pg_namespace AS c ON c.oid = to_regnamespace(i.schema)
    WHERE c.nspowner <> o.owner AND o.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass)
      AND NOT has_schema_privilege(h.oid, c.oid, 'CREATE')
    UNION ALL
    SELECT format('CREATE ON DATABASE %I', current_database())
    WHERE o.classid = 'pg_publication'::regclass AND NOT has_database_privilege(h.oid, current_database(), 'CREATE')
       OR o.classid = 'pg_namespace'::regclass AND NOT has_database_privilege(h.oid, current_database(), 'CREATE')
          AND NOT has_database_privilege(o.owner, current_database(), 'CREATE') AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT format('USAGE ON FOREIGN DATA WRAPPER %I', d.fdwname)
    FROM pg_foreign_server AS f JOIN pg_foreign_data_wrapper AS d ON d.oid = f.srvfdw
    WHERE o.classid = 'pg_foreign_server'::regclass AND f.oid = o.objid AND NOT has_foreign_data_wrapper_privilege(h.oid, d.oid, 'USAGE')) AS w) AS n
{% endblock %}
