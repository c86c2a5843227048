SELECT NOT EXISTS{{ fold }}(SELECT FROM pg_roles WHERE rolname = {{ name | literal }}) AS missing
