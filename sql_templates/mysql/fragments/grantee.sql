{# Compared byte by byte: user names are case sensitive, information_schema's collation is not. -#}
CAST(GRANTEE AS BINARY) = CAST(CONCAT('''', {{ user | literal }}, '''@''', {{ host | literal }}, '''') AS BINARY)
