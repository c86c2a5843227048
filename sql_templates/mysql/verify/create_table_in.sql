CREATE TABLE {{ database | ident }}.{{ later | ident }} (id INTEGER AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))
