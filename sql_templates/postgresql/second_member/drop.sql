REVOKE {{ first | ident }} FROM {{ name | ident }}
