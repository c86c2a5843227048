{% include "postgresql/search_path/create.sql" %}
