{% block inspect %}
{# A setting of the role in this database wins over the role's own, and that over the database's (T68): the one in force counts. #}
SELECT coalesce({% include "postgresql/fragments/search_path.sql" %} = (
           SELECT c FROM pg_db_role_setting AS s
           LEFT JOIN pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
           WHERE s.setrole IN (r.oid, 0) AND (d.datname = {{ database | literal }} OR s.setdatabase = 0) AND c LIKE 'search\_path=%'
           ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1), false) AS in_effect,
       (SELECT substr(x, length('search_path=') + 1)
        FROM pg_db_role_setting AS s
        JOIN pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS x
        WHERE s.setrole = r.oid AND d.datname = {{ database | literal }} AND x LIKE 'search\_path=%') AS former,
       {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ user | literal }}
{% endblock %}

{% block guard %}
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = {{ database | literal }}
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = {{ user | literal }}
    WHERE {% include "postgresql/fragments/search_path.sql" %}{{ fold }}= ANY(s.setconfig)) AS missing
{% endblock %}

{% block create %}
ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }}{{ fold }}SET search_path = {{ schemas | idents }}
{% endblock %}

{% block restore %}
{# As literals, one for each schema: also '' can be one, which is no identifier. #}
ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }}{{ fold }}SET search_path = {{ schemas | literals }}
{% endblock %}

{% block drop %}
ALTER ROLE {{ user | ident }} IN DATABASE {{ database | ident }} RESET search_path
{% endblock %}
