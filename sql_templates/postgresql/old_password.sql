{% block inspect %}
{# Whether a role has a password can be seen by superusers only (T29); until when it is valid by everybody. #}
SELECT r.rolname::text AS "user", r.rolcanlogin AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > now()) AS valid,
       (SELECT count(*) FROM pg_stat_activity AS s WHERE s.usename = r.rolname) AS sessions
FROM pg_roles AS r
WHERE r.rolname = {{ user | literal }}
{% endblock %}

{% block drop %}
{# LOGIN stays: the first of two users is wanted with it, and without a password nobody gets in. #}
ALTER ROLE {{ user | ident }} PASSWORD NULL VALID UNTIL '-infinity'
{% endblock %}
