{% include "postgresql/token_grant/create.sql" %}
