{# One row for each key. Nothing is taken where a pooler stands between and this is not the connection of our session:
   there it would be kept when we are gone. #}
{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT CONNECTION_ID() AS session,
    IF(CONNECTION_ID() = {{ session | literal }}, GET_LOCK({{ key | literal }}, 0), NULL) AS held
{% endfor %}
