{# Sessions that are open go on (T73): they are ended next. #}
ALTER ROLE {{ user | ident }} NOLOGIN
