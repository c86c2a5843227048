CREATE INDEX {{ probe | ident }} ON {{ probe | ident }} (word)
