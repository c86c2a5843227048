"""Look-alikes of what PostgreSQL brings: functions, aggregates, operators, types and catalogues, planted in a schema.

Each of them counts who runs it: what a session looks up without saying ``pg_catalog`` is found out.
"""

import re
from collections import Counter
from pathlib import Path

import psycopg
from psycopg import sql

TEMPLATES = Path(__file__).parents[2] / "sql_templates" / "postgresql"

PREPARE = """
SET search_path = '';
SET check_function_bodies = off;
CREATE FUNCTION {schema}.planted_hit() RETURNS boolean LANGUAGE plpgsql AS $f$
BEGIN
    IF session_user OPERATOR(pg_catalog.<>) {planter} THEN
        RAISE LOG 'planted code ran as %% for %%', current_user, session_user;
        PERFORM pg_catalog.nextval({hits});
    END IF;
    RETURN true;
END $f$;
CREATE SEQUENCE {schema}.planted_hits;
GRANT ALL ON SEQUENCE {schema}.planted_hits TO PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO PUBLIC;
"""

PLANT = """
DO $plant$
DECLARE
    f record;
    made integer := 0;
    body text;
    step text;
BEGIN
    FOR f IN
        SELECT p.oid, p.proname, p.prokind, p.proretset, pg_get_function_result(p.oid) AS result,
               p.proargtypes, oidvectortypes(p.proargtypes) AS arguments, p.prorettype
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY ({names})
    LOOP
        BEGIN
            body := 'BEGIN PERFORM ' || {schema_text} || '.planted_hit(); RETURN'
                    || CASE WHEN f.proretset THEN '' ELSE ' NULL' END || '; END';
            IF f.prokind = 'a' THEN
                step := 'planted_step_' || f.oid;
                EXECUTE format('CREATE FUNCTION %s.%I(pg_catalog.text%s) RETURNS pg_catalog.text LANGUAGE plpgsql AS %L',
                               {schema_text}, step, CASE WHEN f.arguments = '' THEN '' ELSE ', ' || f.arguments END, body);
                EXECUTE format('CREATE AGGREGATE %s.%I(%s) (SFUNC = %s.%I, STYPE = pg_catalog.text)', {schema_text},
                               f.proname, CASE WHEN f.arguments = '' THEN '*' ELSE f.arguments END, {schema_text}, step);
            ELSE
                EXECUTE format('CREATE FUNCTION %s.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
                               {schema_text}, f.proname, f.arguments,
                               CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END || format_type(f.prorettype, NULL), body);
            END IF;
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN NULL;  -- pseudo-types, and result types of other shapes
        END;
    END LOOP;
    -- Where PostgreSQL's own is variadic, or takes "any", one with as many texts is the better match.
    FOR f IN SELECT n.name, repeat(', pg_catalog.text', k) AS arguments
             FROM unnest(ARRAY['format', 'concat', 'concat_ws', 'array_agg', 'coalesce', 'unnest', 'array_to_string']) AS n(name), generate_series(1, 6) AS k
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION %s.%I(%s) RETURNS pg_catalog.text LANGUAGE plpgsql AS %L', {schema_text}, f.name, substr(f.arguments, 3),
                           'BEGIN PERFORM ' || {schema_text} || '.planted_hit(); RETURN NULL; END');
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR f IN
        SELECT o.oid, o.oprname, format_type(o.oprleft, NULL) AS of_left, format_type(o.oprright, NULL) AS of_right,
               format_type(o.oprresult, NULL) AS result
        FROM pg_operator AS o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0 AND o.oprname = ANY ({operators})
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION %s.planted_operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', {schema_text},
                           f.oid, f.of_left, f.of_right, f.result, 'BEGIN PERFORM ' || {schema_text} || '.planted_hit(); RETURN NULL; END');
            EXECUTE format('CREATE OPERATOR %s.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %s.planted_operator_%s)', {schema_text},
                           f.oprname, f.of_left, f.of_right, {schema_text}, f.oid);
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    FOR f IN
        SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relname = ANY ({names}) AND c.relkind IN ('r', 'v')
    LOOP
        BEGIN
            EXECUTE format('CREATE VIEW %s.%I AS SELECT * FROM pg_catalog.%I WHERE %s.planted_hit()', {schema_text}, f.relname, f.relname, {schema_text});
            EXECUTE format('GRANT SELECT ON %s.%I TO PUBLIC', {schema_text}, f.relname);
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN NULL;  -- a catalogue that its planter may not read
        END;
    END LOOP;
    FOR f IN SELECT t.typname FROM pg_type AS t WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN
             ('text', 'name', 'oid', 'regclass', 'regrole', 'regnamespace', 'regprocedure', 'int4', 'int8', 'bool', 'aclitem', 'oidvector')
    LOOP
        EXECUTE format('CREATE DOMAIN %s.%I AS pg_catalog.%I CHECK (%s.planted_hit())', {schema_text}, f.typname, f.typname, {schema_text});
        made := made + 1;
    END LOOP;
    PERFORM set_config('planted.made', made::text, false);
END $plant$;
"""


def plant(connection: psycopg.Connection[tuple[object, ...]], planter: str, schema: str) -> int:
    """In the schema, as its owner or as whoever may create in it; how many there are now."""
    words = Counter(
        word
        for path in TEMPLATES.rglob("*.sql")
        for word in re.findall(r"[a-z_][a-z_0-9]*", path.read_text(encoding="utf-8"))
    )
    operators = [
        "=",
        "<>",
        "<",
        ">",
        "<=",
        ">=",
        "||",
        "+",
        "-",
        "*",
        "~~",
        "!~~",
        "~",
        "@>",
        "<@",
        "&&",
    ]
    quoted = sql.Identifier(schema).as_string()
    values = {
        "schema": sql.Identifier(schema),
        "schema_text": sql.Literal(quoted),
        "planter": sql.Literal(planter),
        "hits": sql.Literal(f"{quoted}.planted_hits"),
        "names": sql.Literal([*words]),
        "operators": sql.Literal(operators),
    }
    for text in (PREPARE.replace("%%", "%"), PLANT):
        connection.execute(sql.SQL(text).format(**values))
    made = connection.execute("SELECT pg_catalog.current_setting('planted.made')").fetchall()
    return int(str(made[0][0]))


def hits(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> int:
    """How often planted code ran for anybody but its planter. A sequence is never rolled back."""
    query = sql.SQL("SELECT last_value, is_called FROM {}.planted_hits").format(
        sql.Identifier(schema)
    )
    [(last, called)] = connection.execute(query).fetchall()
    return int(str(last)) if called else 0
