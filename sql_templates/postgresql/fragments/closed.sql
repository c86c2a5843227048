{# A database that is made closed is open once all that belongs to its making is done. -#}
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database{{ fold }}WHERE datname = {{ database | literal }}
