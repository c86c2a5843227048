ALTER ROLE {{ grantee | ident }} {{ privileges | keywords }}
