-- expect: auto-increment, nullable-unique, primary-key-type
CREATE TABLE `django_session` (`session_key` varchar(40) NOT NULL PRIMARY KEY, `session_data` longtext NOT NULL, `expire_date` datetime(6) NOT NULL)
-- then
CREATE TABLE `auth_group` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(150) NULL UNIQUE)
-- expect: foreign-key
-- context: users
ALTER TABLE `orders_item` ADD CONSTRAINT `orders_item_user_id_3b7f_fk_users_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
-- expect: none
CREATE INDEX `orders_item_sku_idx` ON `orders_item` (`sku`)
-- expect: charset, collation
CREATE TABLE node_revision (
  vid BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  title VARCHAR(255) NOT NULL DEFAULT '',
  uuid VARCHAR(128) CHARACTER SET utf8mb3 NOT NULL,
  PRIMARY KEY (vid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COMMENT = 'Stores revisions'
-- expect: no-primary-key, duplicate-index
CREATE TABLE schema_migrations (version varchar(255) NOT NULL, UNIQUE KEY unique_schema_migrations (version), KEY by_version (version)) ENGINE=InnoDB
-- expect: display-width, time-type
CREATE TABLE `oc_activity` (
  `activity_id` bigint(20) NOT NULL AUTO_INCREMENT,
  `timestamp` timestamp NOT NULL DEFAULT current_timestamp(),
  `priority` int(2) NOT NULL DEFAULT 0,
  PRIMARY KEY (`activity_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC
-- expect: compression
CREATE TABLE IF NOT EXISTS filecache (fileid BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, path VARCHAR(4000)) ROW_FORMAT=COMPRESSED
-- expect: engine, duplicate-index
create table if not exists search_word (
  id int unsigned not null auto_increment,
  word char(50) not null,
  primary key (id),
  unique key (word),
  key (word(20))
) engine=myisam
-- expect: reserved-word, enum
CREATE TABLE surveys (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `condition` ENUM('good', 'bad') NOT NULL DEFAULT 'good',
  `from` DATE NULL
)
-- expect: float-money
CREATE TABLE basket (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  shippingCost FLOAT(8,2) NOT NULL DEFAULT 0,
  itemcount INT NOT NULL
)
-- expect: float-money
CREATE TABLE payslips (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, gross DOUBLE NOT NULL, net DOUBLE NOT NULL, month DATE NOT NULL)
-- expect: zero-date
CREATE TABLE memberships (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, ends_on DATE NOT NULL DEFAULT '0000-00-00')
-- expect: none
CREATE TABLE counters (name VARCHAR(16) CHARACTER SET ascii NOT NULL, shard TINYINT UNSIGNED NOT NULL, n BIGINT NOT NULL DEFAULT 0, id INT UNSIGNED NOT NULL AUTO_INCREMENT, PRIMARY KEY (id), UNIQUE KEY counters_name (name, shard)) ENGINE=InnoDB
-- expect: foreign-key, foreign-key-parent
-- context: visits
CREATE TABLE clicks (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  visit_id BIGINT UNSIGNED NOT NULL,
  CONSTRAINT clicks_visit FOREIGN KEY (visit_id) REFERENCES visits (id)
)
-- expect: name-case, no-primary-key
CREATE TABLE `tblKunden` (`kdnr` INT NOT NULL, `name` VARCHAR(60) NOT NULL, KEY (`kdnr`))
-- expect: create-select
CREATE TABLE big_spenders (id INT UNSIGNED NOT NULL PRIMARY KEY) AS SELECT user_id AS id FROM orders GROUP BY user_id HAVING SUM(total) > 1000
-- expect: none
-- context: products
ALTER TABLE products ADD COLUMN ean CHAR(13) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL, ADD INDEX products_ean (ean), ALGORITHM=INPLACE, LOCK=NONE
-- expect: not-null, enum
-- context: products
ALTER TABLE products ADD COLUMN size ENUM('S','M','L') NOT NULL
-- expect: narrowing, rename
-- context: users
ALTER TABLE users CHANGE COLUMN name display_name VARCHAR(60) DEFAULT NULL
-- expect: none
-- context: users
ALTER TABLE users MODIFY COLUMN bio MEDIUMTEXT
-- expect: narrowing
-- context: visits
ALTER TABLE visits MODIFY id INT NOT NULL
-- expect: narrowing
-- context: visits
ALTER TABLE visits MODIFY COLUMN path VARCHAR(100) NOT NULL, ADD COLUMN referrer VARCHAR(255) NULL
-- expect: narrowing
-- context: orders
ALTER TABLE orders MODIFY currency CHAR(3) CHARACTER SET ascii NOT NULL DEFAULT 'EUR'
-- expect: not-null
-- context: orders
ALTER TABLE orders MODIFY shipped_at DATETIME NOT NULL DEFAULT '1970-01-01 00:00:00'
-- expect: destructive
-- context: users
ALTER TABLE users DROP COLUMN bio, DROP COLUMN age
-- expect: destructive, no-primary-key
ALTER TABLE sessions DROP PRIMARY KEY, DROP COLUMN id
-- expect: drop-index, duplicate-index
-- context: users
ALTER TABLE users DROP KEY users_email, ADD KEY users_mail (country)
-- expect: drop-index
-- server: mysql
-- context: orders
DROP INDEX orders_user_placed ON orders ALGORITHM=INPLACE
-- expect: none
-- context: orders
ALTER TABLE orders DROP KEY orders_user_placed, ADD KEY orders_user_placed_total (user_id, placed_at, total)
-- expect: charset, collation
-- schema: utf8mb4 utf8mb4_unicode_ci
ALTER TABLE posts DEFAULT CHARSET=utf8 COLLATE=utf8_general_ci
-- expect: engine, rename
ALTER TABLE queue ENGINE=Aria, RENAME TO job_queue
-- expect: destructive
alter table visits drop partition p2025
-- expect: none
ALTER TABLE visits REBUILD PARTITION p2026
-- expect: other
ALTER TABLE orders ADD COLUMN a INT, ALGORITHM=COPY, LOCK=EXCLUSIVE
-- expect: no-where
update orders set note = null
-- expect: no-where
DELETE FROM visits WHERE 1 <> 0
-- expect: no-where
DELETE FROM users WHERE id = id
-- expect: no-where
DELETE a, b FROM users a, orders b
-- expect: no-where
UPDATE users u, (SELECT 1 AS x) s SET u.age = s.x
-- expect: no-where
UPDATE users SET status = IF(age > 18, 'active', 'blocked') ORDER BY id
-- expect: no-where
UPDATE users NATURAL JOIN archived SET users.age = archived.age
-- expect: none
UPDATE users SET bio = 'where' WHERE id IN (1, 2, 3)
-- expect: none
DELETE FROM orders WHERE id > 1000 AND placed_at < '2020-01-01' ORDER BY id LIMIT 500
-- expect: none
UPDATE orders AS o INNER JOIN (SELECT order_id, SUM(price) AS s FROM order_items GROUP BY order_id) AS i ON i.order_id = o.id SET o.total = i.s
-- expect: none
INSERT INTO orders (user_id, total, placed_at) SELECT id, 0, NOW() FROM users WHERE status = 'active'
-- expect: other
LOAD DATA INFILE '/data/users.csv' INTO TABLE users
-- expect: destructive
DROP TABLE old_orders, old_items
-- expect: destructive
DROP SCHEMA reporting
-- expect: none
DROP FUNCTION IF EXISTS cents
-- expect: definer, routine
CREATE DEFINER=`deploy`@`10.0.%` FUNCTION `vat`(amount DECIMAL(10,2)) RETURNS decimal(10,2) DETERMINISTIC
BEGIN
  RETURN amount * 0.19;
END
-- expect: routine, no-where
CREATE PROCEDURE nightly()
BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  START TRANSACTION;
  UPDATE users SET age = age + 1;
  COMMIT;
END
-- expect: routine
CREATE TRIGGER users_ai AFTER INSERT ON users FOR EACH ROW UPDATE stats SET users = users + 1 WHERE id = 1
-- expect: routine, no-where
CREATE TRIGGER users_bd BEFORE DELETE ON users FOR EACH ROW UPDATE stats SET users = users - 1
-- expect: routine, no-where
CREATE PROCEDURE maybe(IN x INT) BEGIN CASE x WHEN 1 THEN DELETE FROM visits; ELSE SELECT 1; END CASE; END
-- expect: routine, destructive
CREATE EVENT wipe ON SCHEDULE EVERY 1 WEEK DO TRUNCATE TABLE visits
-- expect: definer
CREATE DEFINER='root'@'%' SQL SECURITY INVOKER VIEW v_orders AS SELECT id, total FROM orders
-- expect: none
CREATE OR REPLACE VIEW v_users AS SELECT id, email FROM users WHERE status <> 'deleted' WITH CHECK OPTION
-- expect: none
CREATE TABLE audit_2026 (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  who INT UNSIGNED NOT NULL,
  what VARCHAR(200) NOT NULL,
  at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY audit_who_at (who, at),
  KEY audit_at (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
-- expect: other
CREATE TABLE many_indexes (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  a INT, b INT, c INT, d INT, e INT, f INT,
  KEY (a), KEY (b), KEY (c), KEY (d), KEY (e), KEY (f)
)
