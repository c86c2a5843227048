{% block create %}
GRANT {% include "postgresql/fragments/entry.sql" %}{{ fold }}TO {{ grantee | ident }}{% if option %} WITH GRANT OPTION{% endif %}
{% endblock %}

{% block drop %}
{# RESTRICT, always: CASCADE would take from third parties what was given on to them (T12). #}
REVOKE {% if option_only %}GRANT OPTION FOR {% endif %}{% include "postgresql/fragments/entry.sql" %}{{ fold }}FROM {{ grantee | ident }}
{% endblock %}
