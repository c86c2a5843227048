ALTER ROLE {{ name | ident }} NOLOGIN
