{# Who gave user u anything, and whether this admin may act as them: DROP OWNED revokes in the name of a role whose rights the
   admin has, and of what others gave it only warns (T12, T14). pg_database_owner stands for the database's owner (T5). -#}
{% for name, may in (("grantors", true), ("stuck", false), ("stuck_by", false)) -%}
ARRAY(SELECT DISTINCT {% if name == "stuck_by" %}jsonb_build_array(r.rolname, coalesce((SELECT datname FROM pg_database WHERE t.class = 'pg_database'::regclass AND oid = t.oid), '')){% elif may %}r.rolname::text{% else %}format('%s by %I', pg_describe_object(t.class, t.oid, 0), r.rolname){% endif %}

      FROM ({% if inside is none -%}
            SELECT 'pg_database'::regclass AS class, b.oid, b.datacl AS acl, b.datdba AS owner FROM pg_database AS b
            {%- else -%}
            SELECT 'pg_class'::regclass AS class, x.oid, x.relacl AS acl, 0::oid AS owner FROM pg_class AS x
            UNION ALL SELECT 'pg_class'::regclass, x.attrelid, x.attacl, 0 FROM pg_attribute AS x
            UNION ALL SELECT 'pg_namespace'::regclass, x.oid, x.nspacl, (SELECT b.datdba FROM pg_database AS b WHERE b.datname = current_database())
                      FROM pg_namespace AS x
            UNION ALL SELECT 'pg_proc'::regclass, x.oid, x.proacl, 0 FROM pg_proc AS x
            UNION ALL SELECT 'pg_type'::regclass, x.oid, x.typacl, 0 FROM pg_type AS x
            {%- endif %}) AS t
      CROSS JOIN LATERAL aclexplode(t.acl) AS a
      JOIN pg_roles AS r ON r.oid = CASE WHEN pg_get_userbyid(a.grantor) = 'pg_database_owner' THEN t.owner ELSE a.grantor END
      WHERE a.grantee = u.oid AND a.grantor <> u.oid AND NOT pg_has_role(current_user, r.oid, 'USAGE')
        AND {% if not may %}NOT {% endif %}{% include "postgresql/fragments/administered.sql" %}) AS {% if may %}grantors{% elif name == "stuck" %}stuck{% else %}stuck_by{% endif %}
{%- if not loop.last %},
       {% endif %}{% endfor %}
