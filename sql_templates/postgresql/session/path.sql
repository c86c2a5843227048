{# The first statement of each of the admin's sessions. The owner of a database presets the search_path of whoever enters it,
   and can put own functions, operators and types before PostgreSQL's (CVE-2018-1058): so nothing is looked up here without
   pg_catalog before it, and afterwards nothing is found anywhere else. A preset role is left by none: RESET ROLE would
   return to the preset one. #}
SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('role', 'none', false)
