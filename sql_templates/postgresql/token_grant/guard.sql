SELECT NOT EXISTS (
    SELECT FROM pg_auth_members AS m
    JOIN pg_roles AS r ON r.oid = m.roleid
    JOIN pg_roles AS u ON u.oid = m.member
    WHERE r.rolname = {{ role | literal }} AND u.rolname = {{ user | literal }}) AS missing
