{# Of the row in our own spelling, the one that create.sql makes (T43). GRANT OPTION is a word of this list too. #}
REVOKE {% if grant_option %}GRANT OPTION, {% endif %}{{ privileges | keywords }}
    ON {% if settings.partial_revokes == "1" %}{{ database | ident }}{% else %}{{ database | pattern_ident }}{% endif %}.* FROM {{ user | literal }}@{{ host | literal }}
