{% block privileges %}
GRANT {{ privileges | keyword_lines }}{{ fold }}ON *.* TO {{ admin | literal }}@{{ host | literal }} WITH GRANT OPTION
{% endblock %}
