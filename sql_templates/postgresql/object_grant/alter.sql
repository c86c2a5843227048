{% include "postgresql/object_grant/create.sql" %}
