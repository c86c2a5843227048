{% include "mysql/label/create.sql" %}
