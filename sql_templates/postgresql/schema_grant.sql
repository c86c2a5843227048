{% block inspect %}
{# public belongs to pg_database_owner from PostgreSQL 15 on, whose one member is the database's
   owner (T4, T5): what it has, that one has. #}
SELECT pg_get_userbyid(w.owner)::text AS owner,
       CASE WHEN n.nspowner = w.owner THEN '' ELSE current_database()::text END AS with_database,
       {% include "postgresql/fragments/acts_for.sql" %},
       ARRAY(SELECT DISTINCT a.privilege_type::text
             FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
             WHERE r.oid = CASE WHEN a.grantee = n.nspowner THEN w.owner ELSE a.grantee END ORDER BY 1) AS privileges,
       ARRAY(SELECT a.privilege_type::text FROM aclexplode(n.nspacl) AS a
             WHERE a.grantee = r.oid AND a.grantor = n.nspowner ORDER BY 1) AS before,
       ARRAY(SELECT p FROM unnest(ARRAY['CREATE', 'USAGE']) AS p
             WHERE {% if direct %}has_schema_privilege('public', n.oid, p){% else %}coalesce(has_schema_privilege(r.oid, n.oid, p), has_schema_privilege('public', n.oid, p)){% endif %} ORDER BY 1) AS effective
FROM pg_namespace AS n
CROSS JOIN LATERAL (SELECT o.owner, (SELECT bool_and(has_schema_privilege(n.oid, p || ' WITH GRANT OPTION')) FROM unnest(ARRAY[{{ privileges | literals }}]::text[]) AS p) AS option,
                           {% include "postgresql/fragments/has_rights.sql" %} AS has
                    FROM (SELECT CASE WHEN pg_get_userbyid(n.nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE n.nspowner END AS owner) AS o) AS w
LEFT JOIN pg_roles AS r ON r.rolname = {{ grantee | literal }}
WHERE n.nspname = {{ schema | literal }}
{% endblock %}

{% block guard %}
{# Up to PostgreSQL 14 public belongs to the bootstrap superuser: another admin's GRANT there succeeds with a warning and
   grants nothing (T82), so it is not tried. Roles borrowed in this transaction count, hence pg_has_role alone. #}
{% if version < (15,) -%}
SELECT pg_has_role(current_user, nspowner, 'USAGE') AS missing FROM pg_namespace WHERE nspname = {{ schema | literal }}
{%- endif %}
{% endblock %}

{% block create %}
GRANT {{ privileges | keywords }} ON SCHEMA {{ schema | ident }} TO {{ grantee | ident }}
{% endblock %}

{% block drop %}
REVOKE {{ privileges | keywords }} ON SCHEMA {{ schema | ident }} FROM {{ grantee | ident }}
{% endblock %}
