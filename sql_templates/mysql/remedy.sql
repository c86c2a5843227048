{% block privileges %}
GRANT {{ privileges | keywords }} ON *.* TO {{ admin | literal }}@{{ host | literal }} WITH GRANT OPTION
{% endblock %}
