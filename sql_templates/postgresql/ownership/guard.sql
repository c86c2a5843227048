SELECT pg_get_userbyid(datdba) <> {{ owner | literal }} AS missing FROM pg_database WHERE datname = {{ database | literal }}
