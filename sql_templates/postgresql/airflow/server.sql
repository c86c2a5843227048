SELECT current_setting('default_transaction_isolation') AS isolation,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections
