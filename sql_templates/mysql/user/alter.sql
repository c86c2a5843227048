{# Never the password: whose it is and who uses it is not known here. #}
ALTER USER {{ name | literal }}@{{ host | literal }} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}
