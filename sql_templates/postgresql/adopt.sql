{% block unknown %}
SELECT o.name
FROM unnest(ARRAY[{{ users | literals }}]::text[]) AS o (name)
WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = o.name)
{% endblock %}
