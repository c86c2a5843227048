ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }} SET search_path = {{ schemas | idents }}
