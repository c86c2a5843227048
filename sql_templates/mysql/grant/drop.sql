{# Of the row in our own spelling, the one that create.sql makes (T43). GRANT OPTION is a word of this list too, and may be
   the only one. #}
REVOKE {% if grant_option %}GRANT OPTION{% if privileges %}, {% endif %}{% endif %}{% if privileges %}{{ privileges | keywords }}{% endif %}

    ON {% if settings.partial_revokes == "1" %}{{ database | ident }}{% else %}{{ database | pattern_ident }}{% endif %}.* FROM {{ user | literal }}@{{ host | literal }}
