DROP PROCEDURE IF EXISTS {{ database | ident }}.{{ procedure | ident }}
