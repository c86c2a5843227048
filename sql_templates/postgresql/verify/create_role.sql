CREATE ROLE {{ probe | ident }} NOLOGIN
