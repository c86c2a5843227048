{# The number may be another's by now: only with its user. #}
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE pid OPERATOR(pg_catalog.=) {{ number | literal }} AND usename OPERATOR(pg_catalog.=) {{ user | literal }}
