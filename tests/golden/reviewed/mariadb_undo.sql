-- analytics: database shop on MariaDB, made by dbprov 0.1.0
-- It takes back what dbprov was to change, computed from what was there before:
--   server:   host db1:3306, for shop
--   version:  MariaDB 10.11.18
--   admin:    dba@%
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000
--
-- It changes, in this order:
--   1. revoke SELECT, SHOW VIEW on database "shop" for "reader"@%
--   2. revoke ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW,
--          DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SHOW VIEW,
--          TRIGGER, UPDATE on database "shop" for "app"@%
--   3. restore user "reader"
--
-- It is of the whole of that change, and to be run once, by the same admin. Where only
-- a part of it was done, finish that first, with dbprov apply. dbprov never runs this file. By
--     hand:
--   mariadb --host=db.example.com --port=3306 --user=dba --ssl -p < FILE
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- revoke SELECT, SHOW VIEW on database "shop" for "reader"@%
REVOKE SELECT, SHOW VIEW ON `shop`.* FROM 'reader'@'%';
-- revoke ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW,
--     DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SHOW VIEW, TRIGGER,
--     UPDATE on database "shop" for "app"@%
REVOKE ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE,
    CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES,
    REFERENCES, SHOW VIEW, TRIGGER, UPDATE ON `shop`.* FROM 'app'@'%';
-- restore user "reader"
ALTER USER 'reader'@'%' WITH MAX_USER_CONNECTIONS 2 ACCOUNT UNLOCK;
