SELECT coalesce(array_agg(name ORDER BY name) FILTER (WHERE can), '{}') AS lacking,
       coalesce(array_agg(name || ' of ' || pg_get_userbyid(owner) ORDER BY name) FILTER (WHERE NOT can), '{}') AS beyond
FROM (SELECT o.name, o.owner,
             o.grantable OR pg_has_role(current_user, o.owner, 'USAGE')
                 OR pg_get_userbyid(o.owner)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS can
      FROM (
{% include "postgresql/fragments/objects.sql" %}
      ) AS o) AS o
