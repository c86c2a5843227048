GRANT CONNECT ON DATABASE {{ database | ident }} TO {{ admin | ident }}
