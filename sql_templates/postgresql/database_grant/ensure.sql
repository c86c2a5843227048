{# A GRANT on another's database succeeds with a warning and grants nothing (T14): a file stops here instead. #}
DO $dbprov$
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF EXISTS (SELECT FROM unnest(ARRAY[{{ privileges | body_literals }}]) AS p
               WHERE NOT has_database_privilege({% if grantee %}{{ grantee | body_literal }}{% else %}current_user{% endif %}, {{ database | body_literal }}, p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$
