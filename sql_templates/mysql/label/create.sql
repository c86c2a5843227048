{# Merged into what the user has of attributes already: a comment is another one of them. #}
ALTER USER {{ name | literal }}@{{ host | literal }} ATTRIBUTE {{ text | attribute }}
