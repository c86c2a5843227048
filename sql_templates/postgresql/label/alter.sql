{% include "postgresql/label/create.sql" %}
