SELECT d.datname::text AS name, pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collation,
       pg_get_userbyid(d.datdba)::text AS owner, NOT d.datallowconn AND d.datconnlimit = 0 AS sealed,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
