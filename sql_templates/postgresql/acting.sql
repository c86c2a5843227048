{% block create %}
{# A grant is taken back by who made it: the owner's or a superuser's REVOKE says REVOKE and does nothing (T13). LOCAL: with
   the transaction it ends, however that ends. #}
SET LOCAL ROLE {{ role | ident }}
{% endblock %}

{% block drop %}
{# Not RESET ROLE: that returns to the role which the database, or the admin's own role, may preset. #}
SET LOCAL ROLE NONE
{% endblock %}
