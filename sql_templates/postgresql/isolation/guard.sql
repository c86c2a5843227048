{% if asked -%}
SELECT true AS missing
{%- else -%}
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = {{ database | literal }}
{%- endif %}
