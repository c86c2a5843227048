{# Of users that take turns the one in turn may log in, until it is discarded. -#}
ALTER ROLE {{ user | ident }}{% if turns %} LOGIN VALID UNTIL 'infinity'{% endif %} PASSWORD {{ place | password(user) }}
