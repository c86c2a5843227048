{% block inspect %}
SELECT pg_get_userbyid(d.datdba)::text AS owner,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable,
       ARRAY(SELECT a.privilege_type::text FROM aclexplode(d.datacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
             WHERE r.rolname = {{ owner | literal }} AND r.oid <> d.datdba AND a.grantor = d.datdba ORDER BY 1) AS before,
       ARRAY(SELECT a.privilege_type::text FROM aclexplode(d.datacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee
             WHERE r.rolname = {{ owner | literal }} AND r.oid <> d.datdba AND a.grantor = d.datdba AND a.is_grantable ORDER BY 1) AS options
FROM pg_database AS d
WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block guard %}
SELECT pg_get_userbyid(datdba) <> {{ owner | literal }} AS missing FROM pg_database{{ fold }}WHERE datname = {{ database | literal }}
{% endblock %}

{% block create %}
ALTER DATABASE {{ database | ident }} OWNER TO {{ owner | ident }}
{% endblock %}
