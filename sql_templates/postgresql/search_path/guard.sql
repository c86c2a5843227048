SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = {{ user | literal }} AND d.datname = {{ database | literal }}
      AND {% include "postgresql/fragments/search_path.sql" %} = ANY (s.setconfig)) AS missing
