{% block drop %}
{# CASCADE: who was given EXECUTE on by one of these does not keep it. -#}
REVOKE ALL ON ROUTINE {{ [routine] | signatures }}
    FROM {% if public %}PUBLIC{% if grantees %}, {% endif %}{% endif %}{{ grantees | idents }} CASCADE
{% endblock %}
