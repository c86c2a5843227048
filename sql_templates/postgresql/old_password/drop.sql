{# LOGIN stays: the first of two users is wanted with it, and without a password nobody gets in. #}
ALTER ROLE {{ user | ident }} PASSWORD NULL VALID UNTIL '-infinity'
