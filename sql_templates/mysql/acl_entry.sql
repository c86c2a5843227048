{% block create %}
GRANT {% include "mysql/fragments/entry.sql" %}{{ fold }}TO {{ grantee | literal }}@{{ host | literal }}
{% endblock %}

{% block drop %}
{# GRANT OPTION is a word of the list like the others; REVOKE ALL, GRANT OPTION takes no ON (T46). #}
REVOKE {% include "mysql/fragments/entry.sql" %}{{ fold }}FROM {{ grantee | literal }}@{{ host | literal }}
{% endblock %}
