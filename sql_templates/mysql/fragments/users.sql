{# The users as rows, each with its name as information_schema writes a grantee. -#}
({% for user, host in users %}SELECT {{ user | literal }} AS grantee, {{ host | literal }} AS host
    {%- if not loop.last %} UNION ALL {% endif %}{% endfor %}) AS u
