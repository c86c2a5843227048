{% if means == "procedure" %}CALL mysql.rds_kill({{ number | literal }}){% else %}KILL {{ number | literal }}{% endif %}
