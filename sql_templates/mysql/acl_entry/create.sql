GRANT {% include "mysql/fragments/entry.sql" %}

    TO {{ grantee | literal }}@{{ host | literal }}
