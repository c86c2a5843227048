{# A list of identifiers, written as the server keeps it. -#}
'search_path=' || {% for one in schemas %}quote_ident({{ one | literal }}){% if not loop.last %} || ', ' || {% endif %}{% endfor %}
