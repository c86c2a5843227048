{# Another account of this name, or one without a name, may be the one that the server took (T39). #}
SELECT CAST(CURRENT_USER() AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY) AS held,
       CONCAT('as ', CURRENT_USER()) AS observed
