{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
--
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
--
\set ON_ERROR_STOP on
\set QUIET on
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';
SET search_path = '';
