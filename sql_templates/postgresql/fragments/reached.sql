{# The roles whose rights membership m gives, over however many roles: those that are inherited, and those that SET ROLE
   reaches, with what they inherit. Before 16 a member may always SET ROLE. -#}
WITH RECURSIVE reach (oid, settable) AS (
    SELECT m.roleid, {% if version >= (16,) %}m.set_option WHERE m.inherit_option OR m.set_option{% else %}true{% endif %}

    UNION
    SELECT n.roleid, {% if version >= (16,) %}r.settable AND n.set_option{% else %}true{% endif %}

    FROM reach AS r JOIN pg_auth_members AS n ON n.member = r.oid
    {%- if version >= (16,) %} WHERE n.inherit_option OR r.settable AND n.set_option{% endif %}

)
SELECT coalesce(array_agg(DISTINCT oid), '{}') AS roles FROM reach
