{# No more than PUBLIC had; what a new database gives it is in the ACL that was NULL (T1). #}
GRANT {{ before | keywords }} ON DATABASE {{ database | ident }} TO PUBLIC
