{% block inspect %}
SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS encoding, DEFAULT_COLLATION_NAME AS collation
FROM information_schema.SCHEMATA
WHERE CAST(SCHEMA_NAME AS BINARY) = CAST({{ name | literal }} AS BINARY)
{% endblock %}

{% block create %}
{# Always said: a server's own default may be latin1 (MariaDB 10.11, T48), and IF NOT EXISTS keeps what is there. #}
CREATE DATABASE IF NOT EXISTS {{ name | ident }}{{ fold }}CHARACTER SET {{ encoding | charset }}
    {%- if collation %} COLLATE {{ collation | charset }}{% endif %}
{% endblock %}

{% block drop %}
{# Grants on it survive it, and come to life again in the next database of this name (T44): they go first. #}
DROP DATABASE {{ name | ident }}
{% endblock %}
