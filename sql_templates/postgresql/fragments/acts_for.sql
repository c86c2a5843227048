{# May the admin grant what is w.owner's: with that role's rights, its own or borrowed by the step, with the grant option of all
   that is wanted (w.option), or as that role? A member without INHERIT has none of its rights, and may be it (16 asks for SET). -#}
w.option OR w.has OR pg_has_role(current_user, w.owner, {% if version >= (16,) %}'SET'{% else %}'MEMBER'{% endif %}) AS grantable,
       CASE WHEN w.option OR w.has OR NOT pg_has_role(current_user, w.owner, {% if version >= (16,) %}'SET'{% else %}'MEMBER'{% endif %}) THEN '' ELSE pg_get_userbyid(w.owner)::text END AS as_role