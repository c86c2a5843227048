{% block inspect %}
SELECT d.datname::text AS name, pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collation,
       pg_get_userbyid(d.datdba)::text AS owner, NOT d.datallowconn AND d.datconnlimit = 0 AS sealed,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable,
       has_database_privilege(d.oid, 'CONNECT') AS enters, pg_has_role(current_user, d.datdba, {% if version >= (16,) %}'SET'{% else %}'MEMBER'{% endif %}) AS acts
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{% endblock %}

{% block guard %}
SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = {{ name | literal }}) AS missing
{% endblock %}

{% block create %}
{# template0: a template1 that somebody is connected to refuses (T36), and only template0 takes any encoding and locale.
   Sealed: nobody can enter before PUBLIC is shut out, and a run that was killed in between is known by the seal. #}
CREATE DATABASE {{ name | ident }} TEMPLATE template0
    ENCODING {{ encoding | literal }}{% if collation %} LOCALE {{ collation | literal }}{% endif %}
    {%- if sealed %} ALLOW_CONNECTIONS false CONNECTION LIMIT 0{% endif %}
{% endblock %}

{% block drop %}
{# Fails while anybody is connected (T74), which is meant: what ends sessions says so. #}
DROP DATABASE {{ name | ident }}
{% endblock %}
