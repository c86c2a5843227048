SELECT NOT d.datallowconn AND d.datconnlimit = 0 AS sealed FROM pg_database AS d WHERE d.datname = {{ database | literal }}
