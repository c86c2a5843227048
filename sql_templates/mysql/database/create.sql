{# Always said: a server's own default may be latin1 (MariaDB 10.11, T48), and IF NOT EXISTS keeps what is there. #}
CREATE DATABASE IF NOT EXISTS {{ name | ident }}
    CHARACTER SET {{ encoding | charset }}
    {%- if collation %} COLLATE {{ collation | charset }}{% endif %}
