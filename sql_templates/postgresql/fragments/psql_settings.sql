{# The same in each database: whoever owns one presets settings of the sessions in it, a role and an encoding among them.
   What is SET here is a setting of the session, so the last statement leaves it. -#}
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$ SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user'
$dbprov$ AS begin_session \gset
