ALTER USER {{ user | literal }}@{{ host | literal }} ACCOUNT UNLOCK
