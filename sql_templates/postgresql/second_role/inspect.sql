{# In all databases; the server keeps the name as it is, whatever is in it. #}
SELECT r.rolname::text AS name
FROM pg_db_role_setting AS s
JOIN pg_roles AS r ON r.oid = s.setrole
WHERE s.setdatabase = 0 AND r.rolname = {{ name | literal }} AND ('role=' || {{ first | literal }}) = ANY (s.setconfig)
