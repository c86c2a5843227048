CAST(p.GRANTEE AS BINARY) = CAST(CONCAT('''', u.grantee, '''@''', u.host, '''') AS BINARY)
