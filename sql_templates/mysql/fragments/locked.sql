{# Where the table that knows it is hidden from the admin (Cloud SQL) nobody counts as locked: logging in tells. -#}
{% if settings.account_locks == "mysql.user" -%}
EXISTS (SELECT 1 FROM mysql.user AS u
        WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }} AND u.account_locked = 'Y')
{%- elif settings.account_locks == "mysql.global_priv" -%}
EXISTS (SELECT 1 FROM mysql.global_priv AS u
        WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }}
          AND JSON_VALUE(u.Priv, '$.account_locked') IN ('1', 'true'))
{%- else %}FALSE{% endif %}
