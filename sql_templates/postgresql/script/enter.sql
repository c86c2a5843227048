\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

{% include "postgresql/script/settings.sql" %}
