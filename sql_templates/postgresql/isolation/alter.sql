{% include "postgresql/isolation/create.sql" %}
