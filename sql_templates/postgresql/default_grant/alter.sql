{% include "postgresql/default_grant/create.sql" %}
