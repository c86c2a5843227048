{# May the admin alter role r, and grant it to itself? PostgreSQL 16 asks for ADMIN on the role (T24, T28). -#}
(SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper
        {%- if version >= (16,) %} AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION'){% endif %}
 FROM pg_roles AS a WHERE a.rolname = current_user)
