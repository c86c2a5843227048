{% block around %}
{# Rows that reach every account: those of the account without a name, and on MariaDB those of PUBLIC. No account is needed for
   the first, so REVOKE may not find it (T87). #}
SELECT DISTINCT TABLE_SCHEMA AS pattern, IF(GRANTEE LIKE '''''@%', CONCAT('the rows of ', GRANTEE), 'PUBLIC') AS `through`,
       IF(GRANTEE LIKE '''''@%', CONCAT('DELETE FROM mysql.db WHERE User = '''' AND Db = ', QUOTE(TABLE_SCHEMA), '; FLUSH PRIVILEGES;'),
          CONCAT('REVOKE ALL PRIVILEGES ON `', REPLACE(TABLE_SCHEMA, '`', '``'), '`.* FROM PUBLIC;')) AS statement
FROM information_schema.SCHEMA_PRIVILEGES
WHERE GRANTEE LIKE '''''@%' OR GRANTEE = '''PUBLIC''@''''' AND VERSION() LIKE '%MariaDB%'
ORDER BY 1, 2
{% endblock %}

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
SELECT COUNT(*) >= 1 AS held, CONCAT(COUNT(*), IF(COUNT(*) = 1, ' row', ' rows')) AS observed FROM {{ table | ident }}
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
{# What every account sees this one sees too; what it was given itself is its own, whatever everybody has. #}
SELECT COALESCE(SUM(o.through IS NULL), 0) = 0 AS held,
       COALESCE(GROUP_CONCAT(CONCAT(o.name, COALESCE(CONCAT(', as every account does, by ', o.through), '')) ORDER BY o.name SEPARATOR '; '),
                'no other') AS observed,
       IF(SUM(o.through IS NULL) > 0, 'dbprov plan names what gives it as extra, and apply --prune revokes that',
          CONCAT('who administers the server can take it from every account:', CHAR(10 USING utf8mb4), GROUP_CONCAT(DISTINCT o.statement SEPARATOR ' '))) AS note
FROM (
    SELECT s.SCHEMA_NAME AS name, {% if everybody %}e.through, e.statement{% else %}NULL AS through, NULL AS statement{% endif %}

    FROM information_schema.SCHEMATA AS s
    {% if everybody -%}
    LEFT JOIN ({% for pattern, through, statement in everybody %}SELECT {{ pattern | literal }} AS pattern, {{ through | literal }} AS through, {{ statement | literal }} AS statement
               {%- if not loop.last %} UNION ALL {% endif %}{% endfor %}) AS e
        ON {% if settings.partial_revokes == "1" %}CAST(s.SCHEMA_NAME AS BINARY) = CAST(e.pattern AS BINARY){% else %}s.SCHEMA_NAME LIKE e.pattern{% endif %}

        AND NOT EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES
                        WHERE {% include "mysql/fragments/grantee.sql" %} AND (s.SCHEMA_NAME LIKE TABLE_SCHEMA OR s.SCHEMA_NAME = TABLE_SCHEMA))
        AND NOT EXISTS (SELECT 1 FROM information_schema.TABLE_PRIVILEGES
                        WHERE {% include "mysql/fragments/grantee.sql" %} AND s.SCHEMA_NAME = TABLE_SCHEMA)
    {%- endif %}

    WHERE s.SCHEMA_NAME NOT IN ('information_schema', 'performance_schema') AND CAST(s.SCHEMA_NAME AS BINARY) NOT IN
        ({% for name in databases %}{% if not loop.first %}, {% endif %}CAST({{ name | literal }} AS BINARY){% endfor %})) AS o
{% endblock %}

{% block fill %}
INSERT INTO {{ database | ident }}.{{ later | ident }} (word) VALUES ('dbprov')
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

{% block quoting %}
{# The user's session has the server's modes, as the application's has; but what a backslash means is as we write it (T66). #}
SET SESSION sql_mode = TRIM(BOTH ',' FROM REPLACE(CONCAT(',', @@SESSION.sql_mode, ','), ',NO_BACKSLASH_ESCAPES,', ','))
{% endblock %}

{% block reference %}
CREATE TABLE {{ referring | ident }} (id INTEGER PRIMARY KEY, FOREIGN KEY (id) REFERENCES {{ probe | ident }} (id))
{% endblock %}

{% block rivals %}
SELECT DISTINCT {{ user | literal }} AS user, GRANTEE AS rival FROM information_schema.USER_PRIVILEGES
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
