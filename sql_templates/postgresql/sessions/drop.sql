{# The number may be another's by now: only with its user. #}
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {{ number | literal }} AND usename = {{ user | literal }}
