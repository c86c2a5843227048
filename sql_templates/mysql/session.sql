{% block settings %}
{# Quoting is a pure function only while the session reads it as we write it: neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES
   (T66). Seconds to wait for a lock, where the server's own lock_wait_timeout is a year: whoever wants the same thing as
   we waits behind us, so we wait briefly, and try again (T79). MariaDB's GRANT does not heed them: FLUSH TABLES WITH READ
   LOCK would hold it for ever, and it would still be done when we are long gone. Sizes of tables are the ones of now, which
   MySQL would answer from a cache of a day (T53). #}
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION lock_wait_timeout = {{ busy | literal }},
    SESSION innodb_lock_wait_timeout = {{ busy | literal }}
    {% if mariadb %}, SESSION max_statement_time = {{ statement | literal }}{% endif %}
    {%- if cached %}, SESSION information_schema_stats_expiry = 0{% endif %}
{% endblock %}

{% block instance %}
{# Which run of which server a session is on. UNIX_TIMESTAMP() and Uptime are of the same second in one statement, so the
   difference is the second of the start, always the same one. Any admin may ask. #}
SELECT DATE_FORMAT(TIMESTAMPADD(SECOND, UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED), '1970-01-01'), '%Y-%m-%d %H:%i:%s') AS started,
       CONCAT(@@hostname, ':', @@port) AS named
FROM {% if mariadb %}information_schema{% else %}performance_schema{% endif %}.global_status
WHERE VARIABLE_NAME = 'Uptime'
{% endblock %}

{% block server %}
SHOW VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'basedir', 'partial_revokes', 'lower_case_table_names',
    'read_only', 'super_read_only', 'innodb_read_only', 'log_bin', 'log_bin_trust_function_creators',
    'explicit_defaults_for_timestamp', 'mandatory_roles', 'activate_all_roles_on_login', 'pxc_strict_mode', 'aurora_version',
    'caching_sha2_password_storage_format', 'caching_sha2_password_enforce_storage_format', 'server_uuid', 'server_uid', 'hostname', 'port')
    OR Variable_name RLIKE '^(validate_password|simple_password_check_|password_reuse_check_|strict_password_validation)'
{% endblock %}

{% block rights %}
{# An admin who may not read the schema mysql sees its own account only, as if there were no other. Also where it can be read whether an account is locked: the columns show only what the admin may select. #}
SELECT PRIVILEGE_TYPE AS privilege, IS_GRANTABLE AS grantable, CURRENT_USER() AS `admin`, CURRENT_ROLE() AS roles,
       (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES AS s
        WHERE CAST(s.GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS elsewhere,
       (SELECT COUNT(DISTINCT u.GRANTEE) FROM information_schema.USER_PRIVILEGES AS u) = 1 AS alone,
       (SELECT GROUP_CONCAT(p.PLUGIN_NAME) FROM information_schema.PLUGINS AS p
        WHERE p.PLUGIN_TYPE = 'PASSWORD VALIDATION' AND p.PLUGIN_STATUS = 'ACTIVE') AS validators,
       (SELECT MAX(CONCAT('mysql.', c.TABLE_NAME)) FROM information_schema.COLUMNS AS c
        WHERE c.TABLE_SCHEMA = 'mysql' AND FIND_IN_SET('select', c.PRIVILEGES)
          AND (c.TABLE_NAME = 'user' AND c.COLUMN_NAME = 'account_locked'
               OR c.TABLE_NAME = 'global_priv' AND c.COLUMN_NAME = 'Priv')) AS account_locks
FROM information_schema.USER_PRIVILEGES
WHERE CAST(GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
{% endblock %}
