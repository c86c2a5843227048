GRANT {{ role | ident }} TO {{ user | ident }}
