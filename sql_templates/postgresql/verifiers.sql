{# What the server keeps of a password; only a superuser may ask (E). #}
SELECT a.rolname::text AS name, a.rolpassword AS verifier
FROM pg_authid AS a
WHERE a.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
