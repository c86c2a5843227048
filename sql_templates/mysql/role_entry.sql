{% block create %}
GRANT {{ role | literal }}{% if role_host %}@{{ role_host | literal }}{% endif %} TO {{ grantee | literal }}@{{ host | literal }}{% if option %} WITH ADMIN OPTION{% endif %}
{% endblock %}

{% block drop %}
REVOKE {{ role | literal }}{% if role_host %}@{{ role_host | literal }}{% endif %} FROM {{ grantee | literal }}@{{ host | literal }}
{% endblock %}
