ALTER ROLE {{ user | ident }} PASSWORD {{ place | password(user) }}
