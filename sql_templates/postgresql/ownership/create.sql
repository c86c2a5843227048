ALTER DATABASE {{ database | ident }} OWNER TO {{ owner | ident }}
