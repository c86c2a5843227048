-- analytics: database we"i`rd_%db\$x;-- on MySQL 9.7, made by dbprov 0.1.0
-- creates user "o'w"n`e%r_\ {{ x }}"@10.0.'%
-- creates database "we"i`rd_%db\$x;--"
-- o'w"n`e%r_\ {{ x }} (access: all): everything in database we"i`rd_%db\$x;--, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   o_w_n_e_r______x____password:
--     file .dbprov/db.example.com_3306/o%27w%22n%60e%25r_%5C %7B%7B x %7D%7D@10.0.%27%25
-- Each is a quoted string of SQL, its ' and \ doubled: export NAME="'...'"
-- Without them the file stops. With hashes instead: dbprov render --password hash.
--   envsubst '${o_w_n_e_r______x____password}' < analytics.sql |
--     mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- create user "o'w"n`e%r_\ {{ x }}"@10.0.'%
CREATE USER IF NOT EXISTS 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%'
    IDENTIFIED BY ${o_w_n_e_r______x____password};
-- set label of user "o'w"n`e%r_\ {{ x }}"@10.0.'%
ALTER USER 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%'
    ATTRIBUTE '{"dbprov": "deployment analytics of hostile_mysql.yaml"}';

-- create database "we"i`rd_%db\$x;--"
CREATE DATABASE IF NOT EXISTS `we"i``rd_%db\$x;--` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- grant all privileges on database "we"i`rd_%db\$x;--" for "o'w"n`e%r_\ {{ x }}"@10.0.'%
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE,
    CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES,
    REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE ON `we"i``rd\_\%db\\$x;--`.*
    TO 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%';
