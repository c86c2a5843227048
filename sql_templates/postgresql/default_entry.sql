{% block create %}
ALTER DEFAULT PRIVILEGES FOR ROLE {{ grantor | ident }}{% if schema is not none %} IN SCHEMA {{ schema | ident }}{% endif %}{{ fold }}GRANT {{ privileges | keywords }} ON {{ [objects] | keywords }} TO {{ grantee | ident }}{% if option %} WITH GRANT OPTION{% endif %}
{% endblock %}

{% block drop %}
ALTER DEFAULT PRIVILEGES FOR ROLE {{ grantor | ident }}{% if schema is not none %} IN SCHEMA {{ schema | ident }}{% endif %}{{ fold }}REVOKE {% if option_only %}GRANT OPTION FOR {% endif %}{{ privileges | keywords }} ON {{ [objects] | keywords }} FROM {{ grantee | ident }}
{% endblock %}
