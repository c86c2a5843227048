{# Not every admin may read this table (T45). #}
SELECT User AS name, Host AS host, NULLIF(max_user_connections, 0) AS connection_limit, plugin = 'AWSAuthenticationPlugin' AS iam
FROM mysql.user
WHERE max_user_connections > 0 OR plugin = 'AWSAuthenticationPlugin'
