    SELECT 'DATABASE' AS sort, jsonb_build_array(datname) AS thing, datdba AS owner, datacl AS acl
    FROM pg_database WHERE datacl IS NOT NULL
    UNION ALL
    SELECT 'TABLESPACE', jsonb_build_array(spcname), spcowner, spcacl
    FROM pg_tablespace WHERE spcacl IS NOT NULL
{%- if version >= (15,) %}
    UNION ALL
    SELECT 'PARAMETER', to_jsonb(string_to_array(parname, '.')), 10::oid, paracl
    FROM pg_parameter_acl WHERE paracl IS NOT NULL
{%- endif %}
