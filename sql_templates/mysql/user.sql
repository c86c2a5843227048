{% block inspect %}
{# information_schema, which every admin can read; mysql.user only where its column is needed (Cloud SQL hides it, T45). #}
SELECT {{ name | literal }} AS name{% if connection_limit is not none %},
       (SELECT NULLIF(u.max_user_connections, 0) FROM mysql.user AS u
        WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }}) AS connection_limit{% endif %}{% if auth == "iam" %},
       COALESCE((SELECT u.plugin FROM mysql.user AS u
                 WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }}), '') AS plugin{% endif %},
       NOT {% include "mysql/fragments/locked.sql" %} AS can_login
FROM information_schema.USER_PRIVILEGES
WHERE {% with user = name %}{% include "mysql/fragments/grantee.sql" %}{% endwith %}

LIMIT 1
{% endblock %}

{% block create %}
{# A hash where a file was asked for with hashes; MariaDB says BY PASSWORD before one. A token may not travel in clear. -#}
CREATE USER IF NOT EXISTS {{ name | literal }}@{{ host | literal }}{{ fold }}IDENTIFIED {% if auth == "iam" %}WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL
    {%- else %}{% if settings.hashed is defined and settings.hashed == "mysql" %}WITH caching_sha2_password AS{% else %}BY{% endif %} {{ place | password(name) }}{% endif %}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}{% endif %}
{% endblock %}

{% block alter %}
{# Never the password: whose it is and who uses it is not known here. #}
ALTER USER {{ name | literal }}@{{ host | literal }}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}{% endif %} ACCOUNT UNLOCK
{% endblock %}

{% block restore %}
{# No limit is 0 here; below that stands for it elsewhere. #}
ALTER USER {{ name | literal }}@{{ host | literal }}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {% if connection_limit < 0 %}0{% else %}{{ connection_limit | literal }}{% endif %}{% endif %} ACCOUNT {% if can_login %}UNLOCK{% else %}LOCK{% endif %}
{% endblock %}

{% block drop %}
DROP USER {{ name | literal }}@{{ host | literal }}
{% endblock %}
