{% block path %}
{# The first statement of each of the admin's sessions. The owner of a database presets the search_path of whoever enters it,
   and can put own functions, operators and types before PostgreSQL's (CVE-2018-1058): so nothing is looked up here without
   pg_catalog before it, and afterwards nothing is found anywhere else. A preset role is left by none: RESET ROLE would
   return to the preset one. #}
SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('role', 'none', false)
{% endblock %}

{% block presets %}
{# ALTER DATABASE ... SET and ALTER ROLE ... SET preset settings of a session. Their author may be the database's owner, or on
   PostgreSQL 15 and older any role with CREATEROLE. Each one that is in force is set back to PostgreSQL's own default, which
   needs no list of names. Answered is the one that takes effect before the first statement: a library is loaded by then.
   Settings of the context superuser are preset by superusers only (or by whom one granted SET ON PARAMETER): a superuser's
   session sets them back, for others they stay. Those of the context backend cannot be preset at all. #}
SELECT p.name AS preset, p.source, current_database() AS database, current_user::text AS admin
FROM (SELECT s.name, s.source,
             CASE WHEN s.name <> 'local_preload_libraries' THEN set_config(s.name, coalesce(s.boot_val, ''), false) END AS now
      FROM pg_settings AS s
      WHERE s.source IN ('database', 'user', 'database user')
        AND (s.context = 'user'
             OR s.context = 'superuser' AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user))) AS p
WHERE p.now IS NULL
{% endblock %}

{% block settings %}
{# Sent at the start of each of the admin's sessions, after session/path and session/presets. A short lock_timeout: whoever wants
   the same thing as we waits behind us, so we wait briefly, and try again (T79). The last one: a run that is halted in the
   middle of a transaction keeps nothing locked. #}
SELECT set_config('standard_conforming_strings', 'on', false),
       set_config('lock_timeout', {{ busy | literal }}, false),
       set_config('statement_timeout', {{ statement | literal }}, false),
       set_config('idle_in_transaction_session_timeout', {{ statement | literal }}, false)
{% endblock %}

{% block instance %}
{# Which run of which server a session is on: asked at the start of each of the admin's sessions, so every name is
   qualified. The time as text of our own: a database may preset time zone, date style and the digits of numbers. #}
SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()), 'YYYY-MM-DD HH24:MI:SS.US') AS started,
       pg_catalog.concat('port ', pg_catalog.current_setting('port')) AS named,
       pg_catalog.host(pg_catalog.inet_server_addr()) AS address
{% endblock %}

{% block facts %}
{# The system identifier is asked for in a text that ts_stat runs only where it is reached: a function that may not be
   called fails when a query starts, in a branch that is never taken too. Who may not call it gets the server's address. #}
SELECT current_setting('server_version_num')::int AS number,
       current_setting('server_version') AS version,
       CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN 'system ' || (SELECT word FROM ts_stat('SELECT array_to_tsvector(ARRAY[system_identifier::text]) FROM pg_control_system()'))
            ELSE 'address ' || coalesce(host(inet_server_addr()), 'local') || ':' || current_setting('port')
       END AS identity,
       current_user::text AS admin,
       rolsuper AS superuser,
       rolcreaterole AS createrole,
       rolcreatedb AS createdb,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only,
       s.source AS read_only_by,
       CASE s.source WHEN 'configuration file'
                     THEN E'SET default_transaction_read_only = off;\nALTER SYSTEM RESET default_transaction_read_only;\nSELECT pg_reload_conf();'
                     WHEN 'global' THEN E'SET default_transaction_read_only = off;\nALTER ROLE ALL RESET default_transaction_read_only;'
       END AS to_write,
       (SELECT CASE rolname WHEN 'rds_superuser' THEN 'RDS' WHEN 'azure_pg_admin' THEN 'Azure'
                            ELSE 'Cloud SQL' END
        FROM pg_roles
        WHERE rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser') LIMIT 1) AS service
FROM pg_roles
LEFT JOIN pg_settings AS s ON s.name = 'default_transaction_read_only' AND s.setting = 'on' AND NOT pg_is_in_recovery()
WHERE rolname = current_user
{% endblock %}
