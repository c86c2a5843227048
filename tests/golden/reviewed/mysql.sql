-- sha256:0000000000000000000000000000000000000000000000000000000000000000 of all lines below
-- analytics: database shop on MySQL, made by dbprov 0.1.0
-- Written for one server as it is now; only what is missing there:
--   server:   server_uuid 0a6b1f7e-c7a6-11f0-9d6e-0242ac110002, for shop
--   version:  MySQL 9.7.4
--   admin:    dba@%
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000
--
-- app (access: all): everything in database shop, now and in future
-- reader (access: read): reads rows in database shop, now and in future
-- Known to fail as this admin: create x: why not
--
-- dbprov apply --reviewed FILE runs exactly this, or nothing. No password is in it. By hand:
--   mysql --host=db.example.com --port=3306 --user=dba --ssl-mode=REQUIRED -p < FILE
SET NAMES utf8mb4;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

-- alter user "reader"
ALTER USER 'reader'@'%' WITH MAX_USER_CONNECTIONS 5 ACCOUNT UNLOCK;
-- set label of user "app"
ALTER USER 'app'@'%' ATTRIBUTE '{"dbprov": "deployment analytics of deployment.yaml"}';
-- set label of user "reader"
ALTER USER 'reader'@'%' ATTRIBUTE '{"dbprov": "deployment analytics of deployment.yaml"}';
-- grant all privileges on database "shop" for "app"@%
GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE,
    CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES,
    REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE ON `shop`.* TO 'app'@'%';
-- grant SELECT, SHOW VIEW on database "shop" for "reader"@%
GRANT SELECT, SHOW VIEW ON `shop`.* TO 'reader'@'%';
