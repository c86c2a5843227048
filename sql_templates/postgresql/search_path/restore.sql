{# As literals, one for each schema: also '' can be one, which is no identifier. #}
ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }} SET search_path = {{ schemas | literals }}
