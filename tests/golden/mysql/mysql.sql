-- analytics: database analytics_airflow on MySQL, made by dbprov 0.1.0
--
-- creates user "analytics_airflow"
-- creates database "analytics_airflow"
-- analytics_airflow (access: all): everything in database analytics_airflow, now and in future
--
-- For MySQL 9.7, run by a superuser or the restricted admin of a managed service.
-- It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   analytics_airflow_password: of user analytics_airflow, kept in file .dbprov/db.example.com_3306/analytics_airflow
--
-- Each is to be put in as a quoted string of SQL; without that the file stops at its first statement:
--   export analytics_airflow_password="'...'"
--   envsubst '${analytics_airflow_password}' < analytics.sql | mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p
-- In it double each ' and each \ of the password; those that dbprov makes have neither. A file with
-- hashes, where there is nothing to put in: dbprov render --password hash.
--
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- create user "analytics_airflow"
CREATE USER IF NOT EXISTS 'analytics_airflow'@'%'
    IDENTIFIED BY ${analytics_airflow_password};
-- set label of user "analytics_airflow"
ALTER USER 'analytics_airflow'@'%' ATTRIBUTE '{"dbprov": "deployment analytics of mysql.yaml"}';

-- create database "analytics_airflow"
CREATE DATABASE IF NOT EXISTS `analytics_airflow`
    CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- grant all privileges on database "analytics_airflow" for "analytics_airflow"@%
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE
    ON `analytics\_airflow`.* TO 'analytics_airflow'@'%';
