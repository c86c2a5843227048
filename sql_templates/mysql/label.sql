{% block inspect %}
SELECT COALESCE(JSON_UNQUOTE(JSON_EXTRACT(ATTRIBUTE, '$.dbprov')), '') AS text
FROM information_schema.USER_ATTRIBUTES
WHERE CAST(USER AS BINARY) = CAST({{ name | literal }} AS BINARY) AND HOST = {{ host | literal }}
{% endblock %}

{% block create %}
{# Merged into what the user has of attributes already: a comment is another one of them. #}
ALTER USER {{ name | literal }}@{{ host | literal }}{{ fold }}ATTRIBUTE {{ text | attribute }}
{% endblock %}

{% block drop %}
{# A null takes an attribute away, and leaves the others. #}
ALTER USER {{ name | literal }}@{{ host | literal }}{{ fold }}ATTRIBUTE {{ none | attribute }}
{% endblock %}
