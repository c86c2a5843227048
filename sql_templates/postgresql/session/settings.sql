{# Sent at the start of each of the admin's sessions, after session/path and session/presets. A short lock_timeout: whoever wants
   the same thing as we waits behind us, so we wait briefly, and try again (T79). The last one: a run that is halted in the
   middle of a transaction keeps nothing locked. #}
SELECT set_config('standard_conforming_strings', 'on', false),
       set_config('lock_timeout', {{ busy | literal }}, false),
       set_config('statement_timeout', {{ statement | literal }}, false),
       set_config('idle_in_transaction_session_timeout', {{ statement | literal }}, false)
