{# Spelled out: GRANT ALL fails whole for an admin who lacks one of them, such as MariaDB's DELETE HISTORY (T52). #}
GRANT {{ privileges | keywords }}
    ON {% if settings.partial_revokes == "1" %}{{ database | ident }}{% else %}{{ database | pattern_ident }}{% endif %}.* TO {{ user | literal }}@{{ host | literal }}
    {%- if grant_option %} WITH GRANT OPTION{% endif %}
