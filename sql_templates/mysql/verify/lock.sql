{# Held for as long as the admin's session lasts: whose probe's lock is free, that one's run is dead. #}
SELECT GET_LOCK({{ probe | literal }}, 0) = 1 AS held, 'locked' AS observed
