NOT {% include "mysql/fragments/own_row.sql" %} AND {{ database | literal }} LIKE CAST(TABLE_SCHEMA AS BINARY)
