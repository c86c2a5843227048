{# Not every admin may read this table (T45). #}
SELECT User AS name, Host AS host, max_user_connections AS connection_limit
FROM mysql.user
WHERE max_user_connections > 0
