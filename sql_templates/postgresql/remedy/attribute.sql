ALTER ROLE {{ admin | ident }} {{ attribute | keywords }}
