DROP ROLE {{ name | ident }}
