{# A hash where a file was asked for with hashes; MariaDB says BY PASSWORD before one. A token may not travel in clear. -#}
CREATE USER IF NOT EXISTS {{ name | literal }}@{{ host | literal }}
    IDENTIFIED {% if auth == "iam" %}WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL
    {%- else %}{% if settings.hashed is defined and settings.hashed == "mysql" %}WITH caching_sha2_password AS{% else %}BY{% endif %} {{ place | password(name) }}{% endif %}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}{% endif %}
