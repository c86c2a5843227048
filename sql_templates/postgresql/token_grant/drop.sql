REVOKE {{ role | ident }} FROM {{ user | ident }}
