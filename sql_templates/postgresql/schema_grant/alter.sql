{% include "postgresql/schema_grant/create.sql" %}
