REVOKE {{ role | literal }}{% if role_host %}@{{ role_host | literal }}{% endif %} FROM {{ grantee | literal }}@{{ host | literal }}
