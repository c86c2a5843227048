{# CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where the schema exists. #}
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {{ name | literal }}) AS missing
