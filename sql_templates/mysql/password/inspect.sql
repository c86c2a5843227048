SELECT {{ user | literal }} AS user
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %}

LIMIT 1
