{% block act_as %}
SET LOCAL ROLE {{ user | ident }}
{% endblock %}

{% block act_as_admin %}
SET LOCAL ROLE NONE
{% endblock %}

{% block around %}
{# Which other databases let a user in, and through whom beside PUBLIC; asked by the admin. A login proves it. #}
SELECT d.datname::pg_catalog.text AS name,
       pg_catalog.concat_ws(', ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
           (SELECT pg_catalog.string_agg(DISTINCT CASE WHEN a.grantee OPERATOR(pg_catalog.=) r.oid AND d.datdba OPERATOR(pg_catalog.=) r.oid THEN 'its ownership'
                                                       WHEN a.grantee OPERATOR(pg_catalog.=) r.oid THEN 'a grant to itself'
                                                       ELSE pg_catalog.format('role %I', pg_catalog.pg_get_userbyid(a.grantee)) END, ', ')
            FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS a
            WHERE a.grantee OPERATOR(pg_catalog.<>) 0 AND a.privilege_type OPERATOR(pg_catalog.=) 'CONNECT'
              AND NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, a.grantee, 'USAGE'))) AS through
FROM pg_catalog.pg_database AS d, pg_catalog.pg_roles AS r
WHERE r.rolname OPERATOR(pg_catalog.=) {{ user | literal }} AND d.datallowconn
  AND d.datname OPERATOR(pg_catalog.<>) ALL (ARRAY[{{ databases | literals }}]::pg_catalog.name[])
  AND pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')
ORDER BY 2 DESC, 1
{% endblock %}

{% block borrow %}
{# Rolled back with all that is tried. #}
GRANT {{ user | ident }} TO CURRENT_USER{% if version >= (16,) %} WITH INHERIT FALSE, SET TRUE{% endif %}
{% endblock %}

{% block call_function %}
SELECT {{ function | ident }}() OPERATOR(pg_catalog.=) 42 AS held, 'it answered' AS observed
{% endblock %}

{% block create_function %}
CREATE FUNCTION {{ function | ident }}() RETURNS integer LANGUAGE sql AS 'SELECT 42'
{% endblock %}

{% block create_function_in %}
CREATE FUNCTION {{ schema | ident }}.{{ function | ident }}() RETURNS integer LANGUAGE sql AS 'SELECT 42'
{% endblock %}

{% block create_in %}
CREATE TABLE {{ schema | ident }}.{{ probe | ident }} (id integer PRIMARY KEY)
{% endblock %}

{% block create_index %}
CREATE INDEX ON {{ probe | ident }} (word)
{% endblock %}

{% block create_role %}
CREATE ROLE {{ probe | ident }} NOLOGIN
{% endblock %}

{% block create_sequence %}
CREATE SEQUENCE {{ sequence | ident }}
{% endblock %}

{% block create_sequence_in %}
CREATE SEQUENCE {{ schema | ident }}.{{ sequence | ident }}
{% endblock %}

{% block create_table %}
CREATE TABLE {{ probe | ident }} (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word pg_catalog.text)
{% endblock %}

{% block create_table_as %}
CREATE TABLE {{ schema | ident }}.{{ probe | ident }} (id integer PRIMARY KEY)
{% endblock %}

{% block create_table_in %}
CREATE TABLE {{ schema | ident }}.{{ probe | ident }} (id integer PRIMARY KEY)
{% endblock %}

{% block drop_table %}
DROP TABLE {{ referring | ident }}, {{ probe | ident }}
{% endblock %}

{% block elsewhere %}
{# Up to PostgreSQL 14 everybody may create in public, and this admin may not be able to change that (T4, T82). #}
SELECT pg_catalog.count(*) FILTER (WHERE NOT everybody) OPERATOR(pg_catalog.=) 0 AS held,
       coalesce(pg_catalog.string_agg(CASE WHEN everybody THEN pg_catalog.concat('in ', nspname, ', as everybody may (PUBLIC)')
                                           ELSE pg_catalog.concat('in ', nspname) END, ', '), 'in none') AS observed
FROM (SELECT n.nspname, EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) AS a
                                WHERE a.grantee OPERATOR(pg_catalog.=) 0 AND a.privilege_type OPERATOR(pg_catalog.=) 'CREATE') AS everybody
      FROM pg_catalog.pg_namespace AS n
      WHERE n.nspname OPERATOR(pg_catalog.!~~) E'pg\\_%' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
        AND n.nspname OPERATOR(pg_catalog.<>) ALL (ARRAY[{{ schemas | literals }}])
        AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')) AS n
{% endblock %}

{% block fill %}
INSERT INTO {{ schema | ident }}.{{ probe | ident }} (id) VALUES (1)
{% endblock %}

{% block future %}
{# In the creator's transaction, which is rolled back: nobody ever sees these objects. What must be there, and what must not. #}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 AS held, coalesce(pg_catalog.string_agg(what, ', '), 'exactly that') AS observed
FROM (
    SELECT pg_catalog.concat(CASE WHEN has THEN 'may ' ELSE 'may not ' END, p) AS what
    FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p,
         LATERAL (SELECT pg_catalog.has_table_privilege({{ user | literal }}, pg_catalog.format('%I.%I', {{ schema | literal }}, {{ probe | literal }}), p) AS has) AS h
    WHERE has OPERATOR(pg_catalog.<>) (p OPERATOR(pg_catalog.=) ANY (ARRAY[{{ tables | literals }}]))
    UNION ALL
    SELECT 'may not use the sequence'
    WHERE NOT pg_catalog.has_sequence_privilege({{ user | literal }}, pg_catalog.format('%I.%I', {{ schema | literal }}, {{ sequence | literal }}), {{ sequences | literal }})
    {% if routines -%}
    UNION ALL
    SELECT 'may not call the function'
    WHERE NOT pg_catalog.has_function_privilege({{ user | literal }}, pg_catalog.format('%I.%I()', {{ schema | literal }}, {{ function | literal }}), 'EXECUTE')
    {% endif -%}
) AS t
{% endblock %}

{% block identity %}
{# A setting may make it act as another role from its login on. Where it has that role's rights, what it creates stays its own to
   use: that holds, with a note. -#}
SELECT session_user OPERATOR(pg_catalog.=) ANY (ARRAY[{{ logins | literals }}]::pg_catalog.name[])
           AND (current_user OPERATOR(pg_catalog.=) {{ user | literal }}
                OR s.target IS NOT NULL AND pg_catalog.pg_has_role({{ user | literal }}, current_user, 'USAGE')) AS held,
       pg_catalog.format('as %s%s, %s',
           CASE WHEN session_user OPERATOR(pg_catalog.=) current_user THEN session_user
                ELSE pg_catalog.concat(session_user, ' in the role of ', current_user) END,
           CASE WHEN current_user OPERATOR(pg_catalog.<>) {{ user | literal }} THEN pg_catalog.format(' by ALTER %s SET role', s.target) END,
           coalesce((SELECT s.version FROM pg_catalog.pg_stat_ssl AS s
                     WHERE s.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND s.ssl), 'without TLS')) AS observed,
       CASE WHEN current_user OPERATOR(pg_catalog.<>) {{ user | literal }} AND s.target IS NOT NULL
            THEN pg_catalog.format(E'what it creates belongs to %I, and it has the rights of that role only; this ends it:\nALTER %s RESET role;',
                                   current_user, s.target) END AS note
FROM (SELECT 1) AS o
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.setrole OPERATOR(pg_catalog.<>) 0 AND s.setdatabase OPERATOR(pg_catalog.<>) 0
                THEN pg_catalog.format('ROLE %I IN DATABASE %I', session_user, pg_catalog.current_database())
                WHEN s.setrole OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.format('ROLE %I', session_user)
                WHEN s.setdatabase OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.format('DATABASE %I', pg_catalog.current_database())
                ELSE 'ROLE ALL' END AS target
    FROM pg_catalog.pg_db_role_setting AS s
    WHERE pg_catalog.concat('role=', current_user) OPERATOR(pg_catalog.=) ANY (s.setconfig)
      AND s.setrole OPERATOR(pg_catalog.=) ANY (ARRAY[0::pg_catalog.oid, (SELECT r.oid FROM pg_catalog.pg_roles AS r
                                                          WHERE r.rolname OPERATOR(pg_catalog.=) session_user)])
      AND s.setdatabase OPERATOR(pg_catalog.=) ANY (ARRAY[0::pg_catalog.oid, (SELECT d.oid FROM pg_catalog.pg_database AS d
                                                          WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())])
    ORDER BY s.setrole OPERATOR(pg_catalog.=) 0, s.setdatabase OPERATOR(pg_catalog.=) 0 LIMIT 1) AS s ON true
{% endblock %}

{% block insert %}
INSERT INTO {{ probe | ident }} (word) VALUES ('dbprov')
{% endblock %}

{% block landed %}
SELECT n.nspname OPERATOR(pg_catalog.=) {{ schema | literal }} AS held, pg_catalog.format('in schema %s', n.nspname) AS observed
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({{ probe | literal }})
{% endblock %}

{% block next_value %}
SELECT pg_catalog.nextval({{ sequence | literal }}::pg_catalog.regclass) OPERATOR(pg_catalog.=) 1 AS held, 'next value 1' AS observed
{% endblock %}

{% block owned %}
SELECT pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.=) {{ user | literal }} AS held,
       pg_catalog.format('of %s', pg_catalog.pg_get_userbyid(c.relowner)) AS observed
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({{ probe | literal }})
{% endblock %}

{% block powers %}
{# Also those that a role gives which it may become. #}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 AS held,
       coalesce(pg_catalog.string_agg(DISTINCT pg_catalog.concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                                CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
                                CASE WHEN rolreplication THEN 'REPLICATION' END, 'by', rolname), ', '), 'none of these') AS observed
FROM pg_catalog.pg_roles
WHERE (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication) AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
{% endblock %}

{% block public %}
SELECT {% if asked %}NOT can{% else %}true{% endif %} AS held,
       CASE WHEN can THEN 'PUBLIC can connect{% if not asked %}, as before dbprov{% endif %}' ELSE 'PUBLIC cannot connect' END AS observed
FROM (SELECT pg_catalog.has_database_privilege('public', pg_catalog.current_database(), 'CONNECT') AS can) AS p
{% endblock %}

{% block read_in %}
{# In the role of the user; the privilege was looked up before. #}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 AS held, pg_catalog.format('%s row(s) of 1', pg_catalog.count(*)) AS observed,
       CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.<>) 1
            THEN (SELECT pg_catalog.format(E'row level security is on for the new table%s; it needs a policy that lets the user in, such as\nCREATE POLICY dbprov ON %I.%I TO %I USING (true);',
                                           (SELECT pg_catalog.concat(', perhaps by event trigger ', pg_catalog.string_agg(pg_catalog.quote_ident(e.evtname), ', '))
                                            FROM pg_catalog.pg_event_trigger AS e WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D' HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0),
                                           {{ schema | literal }}, 'TABLE', {{ user | literal }})
                  FROM pg_catalog.pg_class AS c
                  WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(pg_catalog.format('%I.%I', {{ schema | literal }}, {{ probe | literal }})) AND c.relrowsecurity) END AS note
FROM {{ schema | ident }}.{{ probe | ident }}
{% endblock %}

{% block reference %}
CREATE TABLE {{ referring | ident }} (id integer PRIMARY KEY REFERENCES {{ probe | ident }} (id))
{% endblock %}

{% block select %}
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 AS held, pg_catalog.format('%s row', pg_catalog.count(*)) AS observed
FROM {{ probe | ident }} WHERE word OPERATOR(pg_catalog.=) 'dbprov'
{% endblock %}

{% block write_in %}
INSERT INTO {{ schema | ident }}.{{ probe | ident }} (id) VALUES (2)
{% endblock %}

{% block writable %}
{# What is tried is tried in a transaction that says READ WRITE; the application's begin as the default says. #}
SELECT pg_catalog.current_setting('default_transaction_read_only') OPERATOR(pg_catalog.=) 'off' AS held,
       CASE WHEN pg_catalog.current_setting('default_transaction_read_only') OPERATOR(pg_catalog.=) 'off' THEN 'read write'
            ELSE pg_catalog.concat('read only by default_transaction_read_only', CASE WHEN s.target IS NOT NULL THEN pg_catalog.concat(', of ALTER ', s.target, ' SET') END)
            END AS observed,
       CASE WHEN pg_catalog.current_setting('default_transaction_read_only') OPERATOR(pg_catalog.=) 'off' THEN NULL
            WHEN s.target IS NULL THEN 'default_transaction_read_only is on for the whole server: set it off there'
            ELSE pg_catalog.format(E'its application cannot write; this ends it:\nSET default_transaction_read_only = off;\nALTER %s RESET default_transaction_read_only;', s.target) END AS note
FROM (SELECT 1) AS o
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.setrole OPERATOR(pg_catalog.<>) 0 AND s.setdatabase OPERATOR(pg_catalog.<>) 0
                THEN pg_catalog.format('ROLE %I IN DATABASE %I', session_user, pg_catalog.current_database())
                WHEN s.setrole OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.format('ROLE %I', session_user)
                WHEN s.setdatabase OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.format('DATABASE %I', pg_catalog.current_database())
                ELSE 'ROLE ALL' END AS target
    FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c(entry)
    WHERE pg_catalog.split_part(c.entry, '=', 1) OPERATOR(pg_catalog.=) 'default_transaction_read_only'
      AND s.setrole OPERATOR(pg_catalog.=) ANY (ARRAY[0::pg_catalog.oid, (SELECT r.oid FROM pg_catalog.pg_roles AS r
                                                          WHERE r.rolname OPERATOR(pg_catalog.=) session_user)])
      AND s.setdatabase OPERATOR(pg_catalog.=) ANY (ARRAY[0::pg_catalog.oid, (SELECT d.oid FROM pg_catalog.pg_database AS d
                                                          WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())])
    ORDER BY s.setrole OPERATOR(pg_catalog.=) 0, s.setdatabase OPERATOR(pg_catalog.=) 0 LIMIT 1) AS s ON true
{% endblock %}
