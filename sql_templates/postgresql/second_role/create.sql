ALTER ROLE {{ name | ident }} SET role = {{ first | literal }}
