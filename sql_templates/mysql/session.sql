{# Quoting is a pure function only while the session reads it as we write it: neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES
   (T66). A lock_wait_timeout of seconds, where the server's own is a year. #}
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION lock_wait_timeout = 10
