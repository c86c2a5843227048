{# Fails while anybody is connected (T74), which is meant: what ends sessions says so. #}
DROP DATABASE {{ name | ident }}
