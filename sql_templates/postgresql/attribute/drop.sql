ALTER ROLE {{ grantee | ident }} {% for word in privileges %}NO{{ [word] | keywords }}{% endfor %}

