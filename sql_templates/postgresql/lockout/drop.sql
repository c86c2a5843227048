ALTER ROLE {{ user | ident }} LOGIN
