{% block call_function %}
SELECT {{ function | ident }}() = 42 AS held, 'it answered' AS observed
{% endblock %}

{% block call_procedure %}
CALL {{ procedure | ident }}()
{% endblock %}

{% block clear_database %}
DROP DATABASE IF EXISTS {{ probe | ident }}
{% endblock %}

{% block clear_function %}
DROP FUNCTION IF EXISTS {{ database | ident }}.{{ function | ident }}
{% endblock %}

{% block clear_procedure %}
DROP PROCEDURE IF EXISTS {{ database | ident }}.{{ procedure | ident }}
{% endblock %}

{% block clear_tables %}
DROP TABLE IF EXISTS {{ database | ident }}.{{ referring | ident }}, {{ database | ident }}.{{ probe | ident }}, {{ database | ident }}.{{ later | ident }}
{% endblock %}

{% block clear_user %}
DROP USER IF EXISTS {{ probe | literal }}@'localhost'
{% endblock %}

{% block count %}
SELECT COUNT(*) >= 0 AS held, CONCAT(COUNT(*), IF(COUNT(*) = 1, ' row', ' rows')) AS observed FROM {{ table | ident }}
{% endblock %}

{% block create_database %}
CREATE DATABASE {{ probe | ident }}
{% endblock %}

{% block create_function %}
CREATE FUNCTION {{ function | ident }}() RETURNS INTEGER DETERMINISTIC NO SQL RETURN 42
{% endblock %}

{% block create_index %}
CREATE INDEX {{ probe | ident }} ON {{ probe | ident }} (word)
{% endblock %}

{% block create_procedure %}
CREATE PROCEDURE {{ procedure | ident }}() SELECT 42
{% endblock %}

{% block create_table %}
CREATE TABLE {{ probe | ident }} (id INTEGER AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))
{% endblock %}

{% block create_table_in %}
CREATE TABLE {{ database | ident }}.{{ later | ident }} (id INTEGER AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))
{% endblock %}

{% block create_user %}
CREATE USER {{ probe | literal }}@'localhost' ACCOUNT LOCK
{% endblock %}

{% block delete %}
DELETE FROM {{ table | ident }}
{% endblock %}

{% block drop_table %}
DROP TABLE {{ referring | ident }}, {{ probe | ident }}
{% endblock %}

{% block elsewhere %}
SELECT COUNT(*) = 0 AS held, COALESCE(GROUP_CONCAT(SCHEMA_NAME ORDER BY SCHEMA_NAME SEPARATOR ', '), 'no other') AS observed
FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema') AND CAST(SCHEMA_NAME AS BINARY) NOT IN
    ({% for name in databases %}{% if not loop.first %}, {% endif %}CAST({{ name | literal }} AS BINARY){% endfor %})
{% endblock %}

{% block identity %}
{# Another account of this name, or one without a name, may be the one that the server took (T39). #}
SELECT CAST(CURRENT_USER() AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY) AS held,
       CONCAT('as ', CURRENT_USER()) AS observed
{% endblock %}

{% block insert %}
INSERT INTO {{ table | ident }} (word) VALUES ('dbprov')
{% endblock %}

{% block leftovers %}
{# What a verification that was killed left behind: MySQL takes no DDL back. #}
SELECT DISTINCT LEFT(t.name, CHAR_LENGTH({{ probe | literal }})) AS probe
FROM (SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = {{ database | literal }}
      UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {{ database | literal }}) AS t
WHERE t.name LIKE 'dbprov\_probe\_%' AND IS_FREE_LOCK(LEFT(t.name, CHAR_LENGTH({{ probe | literal }}))) = 1
{% endblock %}

{% block lock %}
{# Held for as long as the admin's session lasts: whose probe's lock is free, that one's run is dead. #}
SELECT GET_LOCK({{ probe | literal }}, 0) = 1 AS held, 'locked' AS observed
{% endblock %}

{% block powers %}
SELECT COUNT(*) = 0 AS held, COALESCE(GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), 'none') AS observed
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %} AND PRIVILEGE_TYPE <> 'USAGE'
{% endblock %}

{% block reference %}
CREATE TABLE {{ referring | ident }} (id INTEGER PRIMARY KEY, FOREIGN KEY (id) REFERENCES {{ probe | ident }} (id))
{% endblock %}

{% block rivals %}
SELECT DISTINCT GRANTEE AS rival FROM information_schema.USER_PRIVILEGES
WHERE (GRANTEE LIKE CONCAT('''', {{ user | pattern_literal }}, '''@%') OR GRANTEE LIKE '''''@%')
  AND NOT {% include "mysql/fragments/grantee.sql" %}
{% endblock %}

{% block seen %}
{# As what the server sees this machine: accounts are matched by that. #}
SELECT SUBSTRING_INDEX(USER(), '@', -1) AS host
{% endblock %}

{% block select %}
SELECT COUNT(*) = 1 AS held, CONCAT(COUNT(*), ' row') AS observed FROM {{ table | ident }} WHERE word = 'dbprov'
{% endblock %}

{% block update %}
UPDATE {{ table | ident }} SET word = 'dbprov'
{% endblock %}
