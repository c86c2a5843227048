SELECT {{ function | ident }}() = 42 AS held, 'it answered' AS observed
