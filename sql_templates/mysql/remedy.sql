{% block privileges %}
GRANT {{ privileges | keyword_lines }}{{ fold }}ON *.* TO {{ admin | literal }}@{{ host | literal }} WITH GRANT OPTION
{% endblock %}

{% block default_role %}
SET DEFAULT ROLE {{ role | literal }}@{{ role_host | literal }} TO {{ admin | literal }}@{{ host | literal }}
{% endblock %}

{% block drop_account %}
DROP USER {{ user | literal }}@{{ host | literal }}
{% endblock %}

{% block mandatory_roles %}
SET PERSIST mandatory_roles = {{ mandatory | literal }}
{% endblock %}
