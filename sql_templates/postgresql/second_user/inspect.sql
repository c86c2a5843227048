SELECT r.rolname::text AS name, f.oid IS NOT NULL AND NOT r.rolcanlogin AND r.rolvaliduntil IS NOT NULL AS shut_out,
       EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid AND m.roleid = f.oid) AS acts
FROM pg_roles AS r
LEFT JOIN pg_roles AS f ON f.rolname = {{ first | literal }}
WHERE r.rolname = {{ name | literal }}
