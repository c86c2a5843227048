SHOW GLOBAL VARIABLES WHERE Variable_name IN ('sql_mode', 'explicit_defaults_for_timestamp', 'log_bin', 'log_bin_trust_function_creators',
    'binlog_format', 'max_connections', 'max_user_connections', 'character_set_server', 'sql_require_primary_key')
