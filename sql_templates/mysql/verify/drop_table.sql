DROP TABLE {{ referring | ident }}, {{ probe | ident }}
