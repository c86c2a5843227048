ALTER ROLE {{ name | ident }} LOGIN
