CREATE PROCEDURE {{ procedure | ident }}() SELECT 42
