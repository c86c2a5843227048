{% block inspect %}
SELECT ARRAY(SELECT DISTINCT a.privilege_type::text
             FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS a
             WHERE d.defaclrole = c.oid AND d.defaclnamespace IN (0, n.oid) AND a.grantee = g.oid
               AND d.defaclobjtype = {% if objects == "TABLES" %}'r'{% elif objects == "SEQUENCES" %}'S'{% else %}'f'{% endif %}

             ORDER BY 1) AS privileges,
       ARRAY(SELECT a.privilege_type::text
             FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS a
             WHERE d.defaclrole = c.oid AND d.defaclnamespace = n.oid AND a.grantee = g.oid
               AND d.defaclobjtype = {% if objects == "TABLES" %}'r'{% elif objects == "SEQUENCES" %}'S'{% else %}'f'{% endif %}

             ORDER BY 1) AS before
FROM pg_namespace AS n
JOIN pg_roles AS c ON c.rolname = {% if creator %}{{ creator | literal }}{% else %}current_user{% endif %}

JOIN pg_roles AS g ON g.rolname = {{ grantee | literal }}
WHERE n.nspname = {{ schema | literal }}
{% endblock %}

{% block create %}
{# Without FOR ROLE they hold for whoever runs this, the admin, and for nobody else (T17). #}
ALTER DEFAULT PRIVILEGES{% if creator %} FOR ROLE {{ creator | ident }}{% endif %} IN SCHEMA {{ schema | ident }}{{ fold }}GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON {% if objects == "TABLES" %}TABLES{% elif objects == "SEQUENCES" %}SEQUENCES{% else %}ROUTINES{% endif %} TO {{ grantee | ident }}
{% endblock %}

{% block drop %}
ALTER DEFAULT PRIVILEGES{% if creator %} FOR ROLE {{ creator | ident }}{% endif %} IN SCHEMA {{ schema | ident }}{{ fold }}REVOKE {{ privileges | keywords }} ON {% if objects == "TABLES" %}TABLES{% elif objects == "SEQUENCES" %}SEQUENCES{% else %}ROUTINES{% endif %} FROM {{ grantee | ident }}
{% endblock %}
