{# The same in each database: whoever owns one presets settings of the sessions in it, a role and an encoding among them. -#}
SET client_encoding = 'UTF8';
SET search_path = '';
SET ROLE NONE;
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS presets_set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user' \gset
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';
