{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT IS_USED_LOCK({{ key | literal }}) <=> CONNECTION_ID() AS held, CONNECTION_ID() AS session
{% endfor %}
