{% include "postgresql/password/create.sql" %}
