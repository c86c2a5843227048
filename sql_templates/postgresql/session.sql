{# Sent at the start of each of the admin's sessions. An empty search_path: in a database whose users can create
   functions, no name of ours may ever find one of theirs (CVE-2018-1058). A lock_timeout: nobody waits behind us. #}
SELECT set_config('search_path', '', false), set_config('standard_conforming_strings', 'on', false),
       set_config('lock_timeout', '10s', false)
