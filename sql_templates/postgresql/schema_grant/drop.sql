REVOKE {{ privileges | keywords }} ON SCHEMA {{ schema | ident }} FROM {{ grantee | ident }}
