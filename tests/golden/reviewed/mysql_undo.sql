-- analytics: database shop on MySQL, made by dbprov 0.1.0
-- It takes back what dbprov was to change, computed from what was there before:
--   server:   server_uuid 0a6b1f7e-c7a6-11f0-9d6e-0242ac110002, for shop
--   version:  MySQL 9.7.4
--   admin:    dba@%
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000
--
-- It changes, in this order:
--   1. revoke SELECT, SHOW VIEW on database "shop" for "reader"@%
--   2. revoke ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW,
--          DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SHOW VIEW,
--          TRIGGER, UPDATE on database "shop" for "app"@%
--   3. reset label of user "reader"
--   4. reset label of user "app"
--   5. restore user "reader"
--
-- It is of the whole of that change, and to be run once, by the same admin. Where only
-- a part of it was done, finish that first, with dbprov apply. dbprov never runs this file. By
--     hand:
--   mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p < FILE
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
-- reset label of user "reader"
ALTER USER 'reader'@'%' ATTRIBUTE '{"dbprov": null}';
-- reset label of user "app"
ALTER USER 'app'@'%' ATTRIBUTE '{"dbprov": null}';
-- restore user "reader"
ALTER USER 'reader'@'%' WITH MAX_USER_CONNECTIONS 2 ACCOUNT UNLOCK;
