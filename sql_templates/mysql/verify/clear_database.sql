DROP DATABASE IF EXISTS {{ probe | ident }}
