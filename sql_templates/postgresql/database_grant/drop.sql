{# Spelled out: ALL would also take what the role had before, and what a later version adds (T15). #}
REVOKE {{ privileges | keywords }} ON DATABASE {{ database | ident }}
    FROM {% if grantee %}{{ grantee | ident }}{% else %}CURRENT_USER{% endif %}

