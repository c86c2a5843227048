{# A null takes an attribute away, and leaves the others. #}
ALTER USER {{ name | literal }}@{{ host | literal }} ATTRIBUTE {{ none | attribute }}
