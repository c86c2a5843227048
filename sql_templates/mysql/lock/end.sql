{# For a person: who may end the session of whoever keeps everybody out. #}
KILL {{ session | literal }}
