{% include "postgresql/ownership/create.sql" %}
