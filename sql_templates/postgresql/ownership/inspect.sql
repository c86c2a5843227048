SELECT pg_get_userbyid(d.datdba)::text AS owner,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable
FROM pg_database AS d
WHERE d.datname = {{ database | literal }}
