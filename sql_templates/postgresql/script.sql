{% block begin %}
BEGIN;
{% endblock %}

{% block end %}
COMMIT;
{% endblock %}

{% block enter %}
\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

:begin_session
{% endblock %}

{% block head %}
{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
--
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
--
\set ON_ERROR_STOP on
\set QUIET on
{% include "postgresql/fragments/psql_settings.sql" %}
:begin_session
{% endblock %}

{% block plain_head %}
{#- The first lines of a file that is nothing but statements. -#}
-- {{ what | comment }}
--
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
--
\set ON_ERROR_STOP on
SET password_encryption = 'scram-sha-256';
{% endblock %}

{% block plain_enter %}
\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

{% endblock %}

{% block machinery %}
{#- What the grantee has by roles and PUBLIC counts as there (T81); routines go by their input types (T9). -#}
-- The grants on objects that exist: each step below names kind, schema, grantee and privileges, and the
-- server writes the GRANT, for the objects on which the grantee lacks one of them and this admin can
-- grant it. Objects of the grantee itself, and those of extensions, are left out.
SELECT $dbprov$
SELECT format('GRANT %s ON %s %s TO %I', :'privileges', :'kind', string_agg(o.name, ', ' ORDER BY o.name), :'grantee')
FROM (SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, oid, relnamespace AS schema, relowner AS owner,
             oid::regclass::text AS name, 'pg_class'::regclass AS class,
             coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
      FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL
      SELECT 'ROUTINE', oid, pronamespace, proowner, oid::regprocedure::text, 'pg_proc'::regclass,
             coalesce(proacl, acldefault('f', proowner)) FROM pg_proc) AS o
JOIN pg_namespace AS n ON n.oid = o.schema AND n.nspname = :'schema'
JOIN pg_roles AS g ON g.rolname = :'grantee' AND g.oid <> o.owner
WHERE o.kind = :'kind' AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE (e.classid, e.objid, e.deptype) = (o.class, o.oid, 'e'))
  AND NOT string_to_array(:'privileges', ', ')
          <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl) WHERE grantee = 0 OR pg_has_role(g.oid, grantee, 'USAGE'))
  AND (pg_has_role(o.owner, 'USAGE') OR string_to_array(:'privileges', ', ')
          <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl) WHERE is_grantable AND pg_has_role(grantee, 'USAGE')))
HAVING count(*) > 0
$dbprov$ AS grant_on_existing \gset
{% endblock %}

{% block object_grant %}
{#- What was not looked at: the server is asked, by the query at the head of this database's part. -#}
SELECT {% if objects == "TABLES" %}'TABLE'{% elif objects == "SEQUENCES" %}'SEQUENCE'{% else %}'ROUTINE'{% endif %} AS kind, {{ schema | literal }} AS schema, {{ grantee | literal }} AS grantee,
       '{{ privileges | keywords }}' AS privileges \gset
:grant_on_existing \gexec
{% endblock %}

{% block check %}
{#- A GRANT on another's thing succeeds with a warning and grants nothing (T14); up to PostgreSQL 14 PUBLIC's rights on public are
    enough (T82). -#}
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$
DECLARE
    lacks pg_catalog.text;
BEGIN
    SELECT format('%s lacks %s on %s %s', w.grantee, p, w.kind, w.name) INTO lacks
    FROM (VALUES
        {% for kind, name, grantee, privileges in rows -%}
        ({{ kind | body_literal }}, {{ name | body_literal }}, {% if grantee %}{{ grantee | body_literal }}{% else %}current_user::text{% endif %}, '{{ privileges | keywords }}'){% if not loop.last %},
        {% endif %}
        {%- endfor %}) AS w (kind, name, grantee, privileges)
    CROSS JOIN unnest(string_to_array(w.privileges, ', ')) AS p
    WHERE NOT CASE w.kind WHEN 'schema' THEN has_schema_privilege(w.grantee, w.name, p)
              ELSE has_database_privilege(w.grantee, w.name, p) END
    LIMIT 1;
    IF lacks IS NOT NULL THEN
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it first', lacks;
    END IF;
END
$dbprov$;
{% endblock %}

{% block password %}
{# From the environment, where it was not given with -v: a command line can be seen by everybody on the machine. #}
\if :{?{{ variable | variable }}}
\else
\getenv {{ variable | variable }} {{ variable | variable }}
\endif
{% endblock %}
