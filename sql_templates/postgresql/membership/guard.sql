SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE')
       {%- if version >= (16,) %} AND pg_has_role(current_user, r.oid, 'SET'){% endif %}) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = {{ role | literal }} AND a.rolname = current_user
