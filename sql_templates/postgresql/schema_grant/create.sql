GRANT {{ privileges | keywords }} ON SCHEMA {{ schema | ident }} TO {{ grantee | ident }}
