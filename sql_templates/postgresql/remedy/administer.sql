GRANT {{ role | ident }} TO {{ admin | ident }} WITH ADMIN OPTION
