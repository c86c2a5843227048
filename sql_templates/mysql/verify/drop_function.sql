DROP FUNCTION {{ function | ident }}
