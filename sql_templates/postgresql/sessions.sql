{% block inspect %}
{# Of a user, or of anybody in a database but dbprov itself. An admin that is no superuser does not see what sort of session
   another's is; without a user it is the server's own. To end one takes the rights of its role, or pg_signal_backend, and
   for a superuser's a superuser (T73). -#}
SELECT coalesce(array_agg(s.pid ORDER BY s.pid), '{}') AS numbers,
       coalesce(array_agg(s.usename::text ORDER BY s.pid), '{}') AS users,
       coalesce(array_agg(concat_ws(' ', 'in database ' || quote_ident(s.datname), 'from ' || host(s.client_addr)) ORDER BY s.pid), '{}') AS origins,
       coalesce(array_agg(CASE WHEN s.mine THEN 'own' WHEN s.administered THEN 'loan' ELSE 'none' END ORDER BY s.pid), '{}') AS ways
FROM (SELECT a.pid, a.usename, a.datname, a.client_addr,
             me.rolsuper OR NOT r.rolsuper AND (pg_has_role(current_user, r.oid, 'USAGE')
                                                OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')) AS mine,
             {% include "postgresql/fragments/administered.sql" %} AS administered
      FROM pg_stat_activity AS a
      JOIN pg_roles AS r ON r.oid = a.usesysid
      JOIN pg_roles AS me ON me.rolname = current_user
      WHERE coalesce(a.backend_type, 'client backend') IN ('client backend', 'walsender')
        AND a.pid <> pg_backend_pid()
        AND NOT (a.usename = current_user AND coalesce(a.application_name, '') = 'dbprov')
        AND {% if user is none %}a.datname = {{ database | literal }}{% else %}a.usename = {{ user | literal }}{% endif %}) AS s
{% endblock %}

{% block drop %}
{# The number may be another's by now: only with its user. #}
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE pid OPERATOR(pg_catalog.=) {{ number | literal }} AND usename OPERATOR(pg_catalog.=) {{ user | literal }}
{% endblock %}
