DELETE FROM {{ table | ident }}
