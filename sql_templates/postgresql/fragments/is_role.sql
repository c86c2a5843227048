{# Everything that acting with a role's rights, and as that role, takes. -#}
(pg_has_role(current_user, r.oid, 'USAGE'){% if version >= (16,) %} AND pg_has_role(current_user, r.oid, 'SET'){% endif %})
