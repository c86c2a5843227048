{# The admin's own account as information_schema writes a grantee; a user's name may hold an @, a host cannot. -#}
CONCAT('''', LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1),
       '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')
