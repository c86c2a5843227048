CREATE SEQUENCE {{ schema | ident }}.{{ sequence | ident }}
