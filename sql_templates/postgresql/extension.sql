{% block inspect %}
{# Always a row: what stands in the way has to be known where it is not installed. Also asked in the admin's own database, where
   the one that it is inside of is not there yet, or nobody could enter: then nothing is installed, and nobody has planted. #}
SELECT i.nspname IS NOT NULL AS installed, coalesce(i.nspname::text, '') AS lies_in,
       a.name IS NOT NULL AS available,
       coalesce(NOT v.superuser OR v.trusted, true) AS trusted,
       coalesce((SELECT has_database_privilege(d.oid, 'CREATE')
                        OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %})
                 FROM pg_database AS d WHERE d.datname = {{ inside | literal }}), true) AS creatable,
       coalesce((SELECT pg_get_userbyid(d.datdba)::text FROM pg_database AS d WHERE d.datname = {{ inside | literal }}), '') AS owner,
       coalesce(s.rolname::text, '') AS service,
       coalesce(pg_has_role(current_user, s.oid, 'USAGE'), false) AS serves,
       ARRAY(SELECT p.who FROM (
{% include "postgresql/fragments/planters.sql" %}
       ) AS p WHERE i.nspname IS NULL AND current_database() = {{ inside | literal }} ORDER BY 1) AS planters
FROM (SELECT {{ name | literal }}::text AS name) AS w
LEFT JOIN LATERAL (SELECT n.nspname
                   FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
                   WHERE e.extname = w.name AND current_database() = {{ inside | literal }}) AS i ON true
LEFT JOIN pg_available_extensions AS a ON a.name = w.name
LEFT JOIN pg_available_extension_versions AS v ON v.name = a.name AND v.version = a.default_version
LEFT JOIN LATERAL (SELECT r.oid, r.rolname FROM pg_roles AS r
                   WHERE r.rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser') LIMIT 1) AS s ON true
{% endblock %}

{% block create %}
{# The one statement that asks although the server was looked at: what a look found may have changed, and a database that is
   made in this run was not there to look at; whoever may have planted something in the schema (T84)
   is asked for in the same statement. The schema is named, since the path of the admin's session is empty. #}
DO $dbprov$
DECLARE
    planters pg_catalog.text;
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = {{ name | body_literal }}) THEN
        SELECT string_agg(p.who, ', ' ORDER BY p.who) INTO planters FROM (
{% include "postgresql/fragments/planters.sql" %}
        ) AS p;
        IF planters IS NOT NULL THEN
            RAISE EXCEPTION USING MESSAGE = format(
                'the extension is not created: %s may create in its schema, or has routines or'
                ' operators there, which its script could run; create it by hand in a schema where'
                ' nobody else may create, and run this again', planters);
        END IF;
        EXECUTE format('CREATE EXTENSION %I SCHEMA %I',{{ fold }}{{ name | body_literal }}::text, {{ schemas[0] | body_literal }}::text);
    END IF;
END
$dbprov$
{% endblock %}

{% block drop %}
{# Without CASCADE: what others have built on it stays, and so does the extension. #}
DROP EXTENSION {{ name | ident }}
{% endblock %}
