{# A grant of the admin to itself that was there before (createrole_self_grant) keeps what it had. #}
REVOKE {% if lent %}{{ lent | keywords }} OPTION FOR {% endif %}{{ role | ident }} FROM CURRENT_USER
