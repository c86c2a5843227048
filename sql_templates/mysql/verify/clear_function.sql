DROP FUNCTION IF EXISTS {{ database | ident }}.{{ function | ident }}
