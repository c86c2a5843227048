CREATE FUNCTION {{ function | ident }}() RETURNS integer LANGUAGE sql AS 'SELECT 42'
