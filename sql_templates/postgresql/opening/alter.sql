{% include "postgresql/opening/create.sql" %}
