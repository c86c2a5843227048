{# Not RESET ROLE: that returns to the role which the database, or the admin's own role, may preset. #}
SET LOCAL ROLE NONE
