{% include "postgresql/membership/create.sql" %}
