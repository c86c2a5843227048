{# template0: a template1 that somebody is connected to refuses (T36), and only template0 takes any encoding and locale.
   Sealed: nobody can enter before PUBLIC is shut out, and a run that was killed in between is known by the seal. #}
CREATE DATABASE {{ name | ident }}
    TEMPLATE template0
    ENCODING {{ encoding | literal }}
    {% if collation %}LOCALE {{ collation | literal }}
    {% endif -%}
    {% if sealed %}ALLOW_CONNECTIONS false CONNECTION LIMIT 0{% endif %}
