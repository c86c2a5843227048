DROP TABLE IF EXISTS {{ database | ident }}.{{ referring | ident }}, {{ database | ident }}.{{ probe | ident }}, {{ database | ident }}.{{ later | ident }}
