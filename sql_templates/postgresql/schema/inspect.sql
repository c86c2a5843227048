SELECT n.nspname::text AS name FROM pg_namespace AS n WHERE n.nspname = {{ name | literal }}
