CREATE FUNCTION {{ schema | ident }}.{{ function | ident }}() RETURNS integer LANGUAGE sql AS 'SELECT 42'
