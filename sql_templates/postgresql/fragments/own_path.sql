{# A block may be handed to a colleague, who runs it in a session where the path is what the owner of the database made it. #}
    PERFORM pg_catalog.set_config('search_path', '', true);
