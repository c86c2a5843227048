ALTER ROLE {{ name | ident }} RESET role
