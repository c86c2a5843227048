GRANT {{ first | ident }} TO {{ name | ident }}
