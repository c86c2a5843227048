{# The same in each database: whoever owns one presets settings of the sessions in it, a role and an encoding among them. -#}
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$
SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
DO $presets$BEGIN
    PERFORM set_config(name, coalesce(boot_val, ''), false) FROM pg_settings
    WHERE source IN ('database', 'user', 'database user') AND context = 'user';
END$presets$;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
$dbprov$ AS begin_session \gset
