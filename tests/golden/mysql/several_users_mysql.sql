-- analytics: database analytics_airflow on MySQL 9.7, made by dbprov 0.1.0
-- creates user "analytics_owner", user "analytics_loader"@10.0.%, user "analytics_reader"
-- creates database "analytics_airflow"
-- analytics_owner (access: owner): everything in database analytics_airflow, now and in future,
--     with grant option
-- analytics_loader (access: write): reads and writes rows and calls routines in database
--     analytics_airflow, now and in future
-- analytics_reader (access: read): reads rows in database analytics_airflow, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   analytics_owner_password: file .dbprov/db.example.com_3306/analytics_owner
--   analytics_loader_password: file .dbprov/db.example.com_3306/analytics_loader@10.0.%25
--   analytics_reader_password: file .dbprov/db.example.com_3306/analytics_reader
-- Each is a quoted string of SQL, its ' and \ doubled: export NAME="'...'"
-- Without them the file stops. With hashes instead: dbprov render --password hash.
--   envsubst '${analytics_owner_password} ${analytics_loader_password} ${analytics_reader_password}' < analytics.sql |
--     mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- create user "analytics_owner"
CREATE USER IF NOT EXISTS 'analytics_owner'@'%' IDENTIFIED BY ${analytics_owner_password};
-- create user "analytics_loader"@10.0.%
CREATE USER IF NOT EXISTS 'analytics_loader'@'10.0.%' IDENTIFIED BY ${analytics_loader_password};
-- create user "analytics_reader"
CREATE USER IF NOT EXISTS 'analytics_reader'@'%'
    IDENTIFIED BY ${analytics_reader_password} WITH MAX_USER_CONNECTIONS 5;
-- set label of user "analytics_owner"
ALTER USER 'analytics_owner'@'%'
    ATTRIBUTE '{"dbprov": "deployment analytics of several_users_mysql.yaml"}';
-- set label of user "analytics_loader"@10.0.%
ALTER USER 'analytics_loader'@'10.0.%'
    ATTRIBUTE '{"dbprov": "deployment analytics of several_users_mysql.yaml"}';
-- set label of user "analytics_reader"
ALTER USER 'analytics_reader'@'%'
    ATTRIBUTE '{"dbprov": "deployment analytics of several_users_mysql.yaml"}';

-- create database "analytics_airflow"
CREATE DATABASE IF NOT EXISTS `analytics_airflow` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- grant all privileges on database "analytics_airflow" for "analytics_owner"@% with grant option
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE,
    CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES,
    REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE ON `analytics\_airflow`.*
    TO 'analytics_owner'@'%' WITH GRANT OPTION;
-- grant DELETE, EXECUTE, INSERT, SELECT, UPDATE on database "analytics_airflow" for
--     "analytics_loader"@10.0.%
GRANT DELETE, EXECUTE, INSERT, SELECT, UPDATE ON `analytics\_airflow`.*
    TO 'analytics_loader'@'10.0.%';
-- grant SELECT, SHOW VIEW on database "analytics_airflow" for "analytics_reader"@%
GRANT SELECT, SHOW VIEW ON `analytics\_airflow`.* TO 'analytics_reader'@'%';
