SELECT NOT EXISTS (
    SELECT FROM pg_auth_members AS m
    JOIN pg_roles AS r ON r.oid = m.member
    JOIN pg_roles AS f ON f.oid = m.roleid
    WHERE r.rolname = {{ name | literal }} AND f.rolname = {{ first | literal }}) AS missing
