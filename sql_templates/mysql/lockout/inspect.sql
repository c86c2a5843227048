SELECT {% with name = user %}{% include "mysql/fragments/locked.sql" %}{% endwith %} AS locked
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %}

LIMIT 1
