{% include "mysql/grant/create.sql" %}
