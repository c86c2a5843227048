GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON DATABASE {{ database | ident }}
    TO {% if grantee %}{{ grantee | ident }}{% else %}CURRENT_USER{% endif %}
