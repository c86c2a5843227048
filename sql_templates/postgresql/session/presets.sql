{# ALTER DATABASE ... SET and ALTER ROLE ... SET preset settings of a session. Their author may be the database's owner, or on
   PostgreSQL 15 and older any role with CREATEROLE. Each one that is in force is set back to PostgreSQL's own default, which
   needs no list of names. Answered is the one that takes effect before the first statement: a library is loaded by then.
   Settings of the context superuser are preset by superusers only (or by whom one granted SET ON PARAMETER): a superuser's
   session sets them back, for others they stay. Those of the context backend cannot be preset at all. #}
SELECT p.name AS preset, p.source, current_database() AS database, current_user::text AS admin
FROM (SELECT s.name, s.source,
             CASE WHEN s.name <> 'local_preload_libraries' THEN set_config(s.name, coalesce(s.boot_val, ''), false) END AS now
      FROM pg_settings AS s
      WHERE s.source IN ('database', 'user', 'database user')
        AND (s.context = 'user'
             OR s.context = 'superuser' AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user))) AS p
WHERE p.now IS NULL
