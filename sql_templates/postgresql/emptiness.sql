{% block ensure %}
DO $dbprov$
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE E'pg\\_%')
       OR EXISTS (SELECT FROM pg_largeobject_metadata) THEN
        RAISE EXCEPTION 'the database that would be dropped holds tables: drop it yourself, if that is meant';
    END IF;
END
$dbprov$
{% endblock %}
