CALL {{ procedure | ident }}()
