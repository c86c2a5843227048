SELECT pg_advisory_unlock({% include "postgresql/fragments/lock_family.sql" %}, key) AS held
FROM unnest(ARRAY[{{ keys | literals }}]) AS key
