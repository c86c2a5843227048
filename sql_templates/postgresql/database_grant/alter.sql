{% include "postgresql/database_grant/create.sql" %}
