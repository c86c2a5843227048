{% block create %}
GRANT {{ role | ident }} TO {{ grantee | ident }}{% if option %} WITH ADMIN OPTION{% endif %}
{% endblock %}

{% block drop %}
{# From 16 on each grantor's row stands by itself (T25); before, a role is given once, and who gave it is a remark. #}
REVOKE {% if option_only %}ADMIN OPTION FOR {% endif %}{{ role | ident }} FROM {{ grantee | ident }}
    {%- if version >= (16,) %} GRANTED BY {{ grantor | ident }}{% endif %}
{% endblock %}
