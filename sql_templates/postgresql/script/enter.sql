\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

SET search_path = '';
