SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE s.setdatabase = 0 AND r.rolname = {{ name | literal }} AND ('role=' || {{ first | literal }}) = ANY (s.setconfig)) AS missing
