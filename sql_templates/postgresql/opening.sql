{% block inspect %}
SELECT NOT d.datallowconn AND d.datconnlimit = 0 AS sealed FROM pg_database AS d WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block guard %}
{% include "postgresql/fragments/closed.sql" %}
{% endblock %}

{% block create %}
ALTER DATABASE {{ database | ident }} ALLOW_CONNECTIONS true CONNECTION LIMIT -1
{% endblock %}

{% block drop %}
ALTER DATABASE {{ database | ident }} ALLOW_CONNECTIONS false CONNECTION LIMIT 0
{% endblock %}
