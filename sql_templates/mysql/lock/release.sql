{% for key in keys %}
{% if not loop.first %}UNION ALL {% endif %}SELECT RELEASE_LOCK({{ key | literal }}) AS held
{% endfor %}
