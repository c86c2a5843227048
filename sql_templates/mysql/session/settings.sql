{# Quoting is a pure function only while the session reads it as we write it: neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES
   (T66). Seconds to wait for a lock, where the server's own lock_wait_timeout is a year: whoever wants the same thing as
   we waits behind us, so we wait briefly, and try again (T79). MariaDB's GRANT does not heed them: FLUSH TABLES WITH READ
   LOCK would hold it for ever, and it would still be done when we are long gone. #}
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION lock_wait_timeout = {{ busy | literal }},
    SESSION innodb_lock_wait_timeout = {{ busy | literal }}
    {% if mariadb %}, SESSION max_statement_time = {{ statement | literal }}{% endif %}
