{% include "postgresql/object_owner/create.sql" %}
