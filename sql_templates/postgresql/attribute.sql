{% block create %}
ALTER ROLE {{ grantee | ident }} {{ privileges | keywords }}
{% endblock %}

{% block drop %}
ALTER ROLE {{ grantee | ident }} {% for word in privileges %}NO{{ [word] | keywords }}{% endfor %}
{% endblock %}
