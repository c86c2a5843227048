CAST(TABLE_SCHEMA AS BINARY) = CAST({% if settings.partial_revokes == "1" %}{{ database | literal }}{% else %}{{ database | pattern_literal }}{% endif %} AS BINARY)
