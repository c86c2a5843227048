SELECT DISTINCT GRANTEE AS rival FROM information_schema.USER_PRIVILEGES
WHERE (GRANTEE LIKE CONCAT('''', {{ user | pattern_literal }}, '''@%') OR GRANTEE LIKE '''''@%')
  AND NOT {% include "mysql/fragments/grantee.sql" %}
