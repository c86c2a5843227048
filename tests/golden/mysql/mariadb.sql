-- analytics: database analytics_airflow on MariaDB 11.8, made by dbprov 0.1.0
-- creates user "analytics_airflow"@10.0.%
-- creates database "analytics_airflow"
-- analytics_airflow (access: all): everything in database analytics_airflow, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   analytics_airflow_password: file .dbprov/db.example.com_3306/analytics_airflow@10.0.%25
-- Each is a quoted string of SQL, its ' and \ doubled: export NAME="'...'"
-- Without them the file stops. With hashes instead: dbprov render --password hash.
--   envsubst '${analytics_airflow_password}' < analytics.sql |
--     mariadb --host=db.example.com --port=3306 --user=dba --ssl -p
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- create user "analytics_airflow"@10.0.%
CREATE USER IF NOT EXISTS 'analytics_airflow'@'10.0.%'
    IDENTIFIED BY ${analytics_airflow_password} WITH MAX_USER_CONNECTIONS 20;

-- create database "analytics_airflow"
CREATE DATABASE IF NOT EXISTS `analytics_airflow` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- grant all privileges on database "analytics_airflow" for "analytics_airflow"@10.0.%
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE,
    CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES,
    REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE ON `analytics\_airflow`.*
    TO 'analytics_airflow'@'10.0.%';
