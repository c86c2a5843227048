CREATE INDEX ON {{ probe | ident }} (word)
