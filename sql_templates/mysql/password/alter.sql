{% include "mysql/password/create.sql" %}
