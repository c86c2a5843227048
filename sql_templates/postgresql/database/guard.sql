SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = {{ name | literal }}) AS missing
