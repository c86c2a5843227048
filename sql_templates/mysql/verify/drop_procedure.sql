DROP PROCEDURE {{ procedure | ident }}
