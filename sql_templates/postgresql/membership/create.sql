{# Granted and taken back within one transaction, so that no crash can leave it behind (T80). #}
GRANT {{ role | ident }} TO CURRENT_USER{% if version >= (16,) %} WITH INHERIT TRUE, SET TRUE{% endif %}
