{# What the roles x own: by name in this database and beside all of them, by number in others. Of the first superuser
   pg_shdepend knows nothing. -#}
SELECT count(*)::int AS owned, coalesce((array_agg(o.name ORDER BY o.place, o.name))[1:3], '{}') AS owns,
       array_agg(DISTINCT pg_get_userbyid(o.owner)::text) AS owners
FROM (
    SELECT s.refobjid AS owner, pg_describe_object(s.classid, s.objid, s.objsubid) AS name,
           CASE s.classid WHEN 'pg_database'::regclass THEN 1 WHEN 'pg_namespace'::regclass THEN 2 ELSE 3 END AS place
    FROM pg_shdepend AS s
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = ANY (x.roles) AND s.deptype = 'o'
      AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND s.classid <> 'pg_default_acl'::regclass
    UNION ALL
    SELECT s.refobjid, format('%s object(s) in database %I', count(*), o.datname), 4
    FROM pg_shdepend AS s JOIN pg_database AS o ON o.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = ANY (x.roles) AND s.deptype = 'o' AND o.datname <> current_database()
      AND s.classid <> 'pg_default_acl'::regclass
    GROUP BY s.refobjid, o.datname
    UNION ALL
    SELECT 10, pg_describe_object(b.class, b.oid, 0), 3
    FROM (SELECT 'pg_class'::regclass AS class, oid FROM pg_class WHERE relowner = 10 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE proowner = 10
          UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspowner = 10
          UNION ALL SELECT 'pg_database'::regclass, oid FROM pg_database WHERE datdba = 10) AS b
    WHERE 10 = ANY (x.roles) AND b.oid >= 16384) AS o
