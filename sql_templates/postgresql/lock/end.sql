{# For a person: who may end the session of whoever keeps everybody out. #}
SELECT pg_catalog.pg_terminate_backend({{ session | literal }})
