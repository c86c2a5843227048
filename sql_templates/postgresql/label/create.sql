COMMENT ON {% if thing == "database" %}DATABASE{% else %}ROLE{% endif %} {{ name | ident }} IS {{ text | literal }}
