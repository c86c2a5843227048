{% block inspect %}
{# pg_shdepend knows of all databases what depends on a role (T76); what it is called only its own database knows. Default
   privileges and user mappings are recorded as owned, and go with what was given. -#}
{% if inside is none -%}
SELECT ARRAY(SELECT pg_describe_object(s.classid, s.objid, s.objsubid) FROM pg_shdepend AS s
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid AND s.dbid = 0 AND s.deptype = 'o'
               AND NOT (s.classid = 'pg_database'::regclass AND s.objid = coalesce(d.oid, 0)) ORDER BY 1) AS owned,
       ARRAY(SELECT format('database %I', d.datname) WHERE d.datdba = u.oid) AS here,
       ARRAY(SELECT pg_describe_object(s.classid, s.objid, s.objsubid) FROM pg_shdepend AS s
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid AND s.dbid = 0 AND s.deptype <> 'o' ORDER BY 1) AS given,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.member
             WHERE m.roleid = u.oid AND g.rolname <> current_user ORDER BY 1) AS members,
       ARRAY(SELECT o.datname::text FROM pg_shdepend AS s JOIN pg_database AS o ON o.oid = s.dbid
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid GROUP BY o.datname ORDER BY o.datname) AS databases,
       ARRAY(SELECT count(*) FILTER (WHERE s.deptype = 'o' AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))::int
             FROM pg_shdepend AS s JOIN pg_database AS o ON o.oid = s.dbid
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid GROUP BY o.datname ORDER BY o.datname) AS counts,
       {% include "postgresql/fragments/grantors.sql" %}

FROM pg_roles AS u
LEFT JOIN pg_database AS d ON d.datname = {{ database | literal }}
WHERE u.rolname = {{ user | literal }}
{%- else -%}
SELECT ARRAY(SELECT pg_describe_object(s.classid, s.objid, s.objsubid) FROM pg_shdepend AS s
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid AND s.dbid = d.oid
               AND s.deptype = 'o' AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)
             ORDER BY 1) AS {% if inside == database %}here{% else %}owned{% endif %},
       ARRAY(SELECT DISTINCT pg_describe_object(s.classid, s.objid, s.objsubid) FROM pg_shdepend AS s
             WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.oid AND s.dbid = d.oid
               AND (s.deptype <> 'o' OR s.classid IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))
             ORDER BY 1) AS given,
       {% include "postgresql/fragments/grantors.sql" %}

FROM pg_roles AS u
JOIN pg_database AS d ON d.datname = current_database()
WHERE u.rolname = {{ user | literal }}
{%- endif %}
{% endblock %}

{% block alter %}
{# Of this database, and of what belongs to no database: of a database itself too (T76). #}
REASSIGN OWNED BY {{ user | ident }} TO {{ new_owner | ident }}
{% endblock %}

{% block drop %}
{# DROP OWNED drops what is owned, and data with it (T77): it is not reached while anything is, also if somebody made it a
   moment ago. What is left for it are privileges, default privileges and user mappings. #}
DO $dbprov$
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF EXISTS (SELECT FROM pg_shdepend AS s
               JOIN pg_roles AS r ON r.oid = s.refobjid AND s.refclassid = 'pg_authid'::regclass
               WHERE r.rolname = {{ user | body_literal }} AND s.deptype = 'o'
                 AND s.dbid IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
                 AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)) THEN
        RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'nothing was dropped: ' || quote_ident({{ user | body_literal }}) || ' still owns something here';
    END IF;
    EXECUTE format('DROP OWNED BY %I RESTRICT', {{ user | body_literal }}::text);
END
$dbprov$
{% endblock %}
