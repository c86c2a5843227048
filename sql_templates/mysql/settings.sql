SHOW VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'basedir', 'partial_revokes', 'lower_case_table_names',
    'read_only', 'super_read_only', 'innodb_read_only', 'log_bin', 'log_bin_trust_function_creators',
    'explicit_defaults_for_timestamp', 'aurora_version', 'server_uuid', 'server_uid', 'hostname', 'port')
