{# May the admin a act as role r, and does it have to borrow its rights for that? Never from a role that logs in by IAM (T30). -#}
a.rolsuper OR {% include "postgresql/fragments/is_role.sql" %} OR {% include "postgresql/fragments/administered.sql" %}

           AND NOT EXISTS (SELECT FROM pg_roles AS i WHERE i.rolname = 'rds_iam' AND pg_has_role(r.oid, i.oid, 'MEMBER')) AS revocable,
       NOT (a.rolsuper OR {% include "postgresql/fragments/is_role.sql" %}) AS lend
