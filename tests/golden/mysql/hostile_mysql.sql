-- analytics: database we"i`rd_%db\$x;-- on MySQL, made by dbprov 0.1.0
--
-- creates user "o'w"n`e%r_\ {{ x }}"@10.0.'%
-- creates database "we"i`rd_%db\$x;--"
-- o'w"n`e%r_\ {{ x }} (access: all): everything in database we"i`rd_%db\$x;--, now and in future
--
-- For MySQL 9.7, run by a superuser or the restricted admin of a managed service.
-- It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   o_w_n_e_r______x____password: of user o'w"n`e%r_\ {{ x }}, kept in file .dbprov/db.example.com_3306/o%27w%22n%60e%25r_%5C %7B%7B x %7D%7D@10.0.%27%25
--
-- Each is to be put in as a quoted string of SQL; without that the file stops at its first statement:
--   export o_w_n_e_r______x____password="'...'"
--   envsubst '${o_w_n_e_r______x____password}' < analytics.sql | mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p
-- In it double each ' and each \ of the password; those that dbprov makes have neither. A file with
-- hashes, where there is nothing to put in: dbprov render --password hash.
--
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- create user "o'w"n`e%r_\ {{ x }}"@10.0.'%
CREATE USER IF NOT EXISTS 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%'
    IDENTIFIED BY ${o_w_n_e_r______x____password};
-- set label of user "o'w"n`e%r_\ {{ x }}"@10.0.'%
ALTER USER 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%' ATTRIBUTE '{"dbprov": "deployment analytics of hostile_mysql.yaml"}';

-- create database "we"i`rd_%db\$x;--"
CREATE DATABASE IF NOT EXISTS `we"i``rd_%db\$x;--`
    CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- grant all privileges on database "we"i`rd_%db\$x;--" for "o'w"n`e%r_\ {{ x }}"@10.0.'%
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE
    ON `we"i``rd\_\%db\\$x;--`.* TO 'o''w"n`e%r_\\ {{ x }}'@'10.0.''%';
