{# DROP OWNED drops what is owned, and data with it (T77): it is not reached while anything is, also if somebody made it a
   moment ago. What is left for it are privileges, default privileges and user mappings. #}
DO $dbprov$
BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    IF EXISTS (SELECT FROM pg_shdepend AS s
               JOIN pg_roles AS r ON r.oid = s.refobjid AND s.refclassid = 'pg_authid'::regclass
               WHERE r.rolname = {{ user | body_literal }} AND s.deptype = 'o'
                 AND s.dbid IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
                 AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)) THEN
        RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = 'nothing was dropped: ' || quote_ident({{ user | body_literal }}) || ' still owns something here';
    END IF;
    EXECUTE format('DROP OWNED BY %I RESTRICT', {{ user | body_literal }}::text);
END
$dbprov$
