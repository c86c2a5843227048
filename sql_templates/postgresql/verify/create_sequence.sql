CREATE SEQUENCE {{ sequence | ident }}
