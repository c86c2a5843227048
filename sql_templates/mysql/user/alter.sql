{# Never the password: whose it is and who uses it is not known here. #}
ALTER USER {{ name | literal }}@{{ host | literal }}
    {%- if connection_limit is not none %} WITH MAX_USER_CONNECTIONS {{ connection_limit | literal }}{% endif %} ACCOUNT UNLOCK
