{# A list of identifiers, written as the server keeps it. -#}
'search_path=' || (SELECT string_agg(quote_ident(x), ', ' ORDER BY i)
                   FROM unnest(ARRAY[{{ schemas | literals }}]) WITH ORDINALITY AS u (x, i))
