{# Grants on it survive it, and come to life again in the next database of this name (T44): they go first. #}
DROP DATABASE {{ name | ident }}
