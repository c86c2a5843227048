ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }} RESET search_path
