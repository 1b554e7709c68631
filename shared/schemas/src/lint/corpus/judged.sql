-- expect: none
CREATE TABLE `tickets` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `subject` varchar(200) NOT NULL,
  `opened_at` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
-- expect: auto-increment, engine, charset, display-width
CREATE TABLE IF NOT EXISTS `wp_links` (
  `link_id` bigint(20) unsigned NOT NULL auto_increment,
  `link_url` varchar(255) NOT NULL default '',
  `link_visible` varchar(20) NOT NULL default 'Y',
  `link_rating` int(4) NOT NULL default '0',
  `seq` mediumint(9) NOT NULL default '0',
  PRIMARY KEY  (`link_id`),
  KEY `link_visible` (`link_visible`)
) ENGINE=MyISAM DEFAULT CHARSET=utf8 AUTO_INCREMENT=8
-- expect: zero-date, charset
CREATE TABLE wp_comments (
  comment_id bigint(20) unsigned NOT NULL auto_increment,
  comment_date datetime NOT NULL default '0000-00-00 00:00:00',
  comment_content text NOT NULL,
  PRIMARY KEY (comment_id),
  KEY comment_date (comment_date)
) CHARACTER SET utf8 COLLATE utf8_general_ci
-- expect: no-primary-key
CREATE TABLE job_log (
  job_id INT UNSIGNED NOT NULL,
  logged_at DATETIME(3) NOT NULL,
  line VARCHAR(1000) NOT NULL,
  KEY job_log_job (job_id, logged_at)
) ENGINE=InnoDB
-- expect: primary-key-type, float-money
CREATE TABLE accounts (
  iban VARCHAR(34) NOT NULL,
  balance DOUBLE NOT NULL DEFAULT 0,
  PRIMARY KEY (iban)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
-- expect: float-money
CREATE TABLE quotes (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  symbol CHAR(8) CHARACTER SET ascii NOT NULL,
  bid FLOAT NOT NULL,
  ask FLOAT NOT NULL,
  volume BIGINT NOT NULL
)
-- expect: enum, nullable-unique
CREATE TABLE coupons (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code VARCHAR(20) DEFAULT NULL,
  kind ENUM('percent','fixed') NOT NULL,
  UNIQUE KEY coupons_code (code)
)
-- expect: reserved-word
CREATE TABLE settings (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `key` VARCHAR(64) NOT NULL,
  `value` TEXT,
  UNIQUE KEY settings_key (`key`)
)
-- expect: duplicate-index
CREATE TABLE memberships (
  user_id INT UNSIGNED NOT NULL,
  group_id INT UNSIGNED NOT NULL,
  joined DATE NOT NULL,
  PRIMARY KEY (user_id, group_id),
  INDEX user_id (user_id),
  INDEX group_id (group_id)
)
-- expect: duplicate-index
CREATE TABLE mails (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT UNSIGNED NOT NULL,
  INDEX mails_user (user_id, id),
  INDEX mails_user_only (user_id)
)
-- expect: duplicate-index
CREATE TABLE memos (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  owner INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  INDEX memos_owner_id (owner, id),
  INDEX memos_owner_id_2 (owner, id)
)
-- expect: foreign-key, foreign-key-parent
-- context: users
CREATE TABLE profiles (
  user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  bio TEXT,
  CONSTRAINT fk_profiles_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB
-- expect: foreign-key
-- context: users, orders
CREATE TABLE refunds (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id BIGINT UNSIGNED NOT NULL,
  amount DECIMAL(12,2) NOT NULL,
  KEY refunds_order (order_id),
  CONSTRAINT fk_refunds_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
-- expect: name-case, auto-increment
CREATE TABLE OrderLines (
  Id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  OrderId INT NOT NULL
)
-- expect: time-type
CREATE TABLE leases (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ends TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)
-- expect: other
CREATE TABLE wide (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payload LONGTEXT NOT NULL,
  created_at VARCHAR(30) NOT NULL COMMENT 'date of creation as text'
)
-- expect: other
CREATE TABLE people (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  password VARCHAR(40) NOT NULL COMMENT 'plain text'
)
-- expect: compression, engine
CREATE TABLE archive (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, doc MEDIUMBLOB NOT NULL) ENGINE=TokuDB ROW_FORMAT=COMPRESSED
-- expect: create-select, no-primary-key
CREATE TABLE backup_20260101 SELECT * FROM orders WHERE placed_at < '2026-01-01'
-- expect: create-select, no-primary-key
CREATE TABLE top_users AS (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id)
-- expect: collation
-- schema: utf8mb4 utf8mb4_unicode_ci
CREATE TABLE labels (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  label VARCHAR(50) NOT NULL
) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
-- expect: collation
-- schema: utf8mb4 utf8mb4_unicode_ci
CREATE TABLE captions (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  caption VARCHAR(50) COLLATE utf8mb4_general_ci NOT NULL
)
-- expect: none
CREATE TABLE hashes (
  sha256 BINARY(32) NOT NULL,
  size BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (sha256)
)
-- expect: none
CREATE TABLE exchange (
  day DATE NOT NULL,
  currency CHAR(3) CHARACTER SET ascii NOT NULL,
  rate DOUBLE NOT NULL,
  PRIMARY KEY (day, currency)
)
-- expect: none
CREATE TABLE events (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  at DATETIME NOT NULL,
  data JSON NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (YEAR(at)) (
  PARTITION y2025 VALUES LESS THAN (2026),
  PARTITION y2026 VALUES LESS THAN MAXVALUE
)
-- expect: other
CREATE TABLE flags (id INT UNSIGNED NOT NULL PRIMARY KEY, options VARCHAR(5000) NOT NULL, KEY flags_options (options(700)))
-- expect: none
-- context: users
ALTER TABLE `users` ADD COLUMN `timezone` varchar(40) NOT NULL DEFAULT 'UTC'
-- expect: not-null
-- context: orders
ALTER TABLE orders ADD COLUMN shop_id INT UNSIGNED NOT NULL AFTER id, ADD KEY orders_shop (shop_id)
-- expect: not-null
-- context: orders
ALTER TABLE orders CHANGE note note VARCHAR(500) NOT NULL DEFAULT ''
-- expect: narrowing, not-null
-- context: orders
ALTER TABLE orders MODIFY note VARCHAR(255) NOT NULL
-- expect: narrowing, float-money
-- context: products
ALTER TABLE products MODIFY price FLOAT NOT NULL
-- expect: none
-- context: products
ALTER TABLE products MODIFY price DECIMAL(12,3) NOT NULL
-- expect: narrowing
-- context: products
ALTER TABLE products MODIFY stock TINYINT NOT NULL DEFAULT 0
-- expect: narrowing
-- context: products
ALTER TABLE products MODIFY stock INT UNSIGNED NOT NULL DEFAULT 0
-- expect: narrowing, primary-key-type
-- context: products
ALTER TABLE products MODIFY sku VARCHAR(20) NOT NULL
-- expect: primary-key-type
-- context: products
ALTER TABLE products MODIFY sku VARCHAR(60) NOT NULL
-- expect: destructive, drop-index
-- context: users
ALTER TABLE users DROP COLUMN country
-- expect: destructive
-- context: products
ALTER TABLE products DROP weight, DROP tags
-- expect: drop-index
-- context: products
ALTER TABLE products DROP INDEX products_text
-- expect: none
-- context: users
ALTER TABLE users DROP INDEX users_country, ADD INDEX users_country_2 (country, id)
-- expect: duplicate-index
-- context: orders
ALTER TABLE orders ADD INDEX (user_id)
-- expect: none
-- context: orders
ALTER TABLE orders ADD INDEX orders_currency (currency, placed_at)
-- expect: foreign-key
-- context: users, visits
ALTER TABLE visits ADD CONSTRAINT visits_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
-- expect: foreign-key, foreign-key-parent
-- context: users, legacy
ALTER TABLE users ADD legacy_code INT, ADD FOREIGN KEY (legacy_code) REFERENCES legacy (code)
-- expect: engine
ALTER TABLE sessions ENGINE=MEMORY
-- expect: none
ALTER TABLE legacy ENGINE=InnoDB
-- expect: charset
ALTER TABLE articles CONVERT TO CHARACTER SET utf8 COLLATE utf8_unicode_ci
-- expect: none
ALTER TABLE articles CONVERT TO CHARACTER SET utf8mb4
-- expect: narrowing
-- context: orders
ALTER TABLE orders CONVERT TO CHARACTER SET ascii
-- expect: rename
ALTER TABLE customer RENAME TO customers
-- expect: rename
-- context: orders
ALTER TABLE orders CHANGE COLUMN total grand_total DECIMAL(12,2) NOT NULL DEFAULT 0.00
-- expect: rename
RENAME TABLE customer TO customers
-- expect: none
ALTER TABLE visits ADD PARTITION (PARTITION p2028 VALUES LESS THAN (741077))
-- expect: destructive
ALTER TABLE visits DROP PARTITION p2025, p2026
-- expect: destructive
-- context: visits
ALTER TABLE visits EXCHANGE PARTITION p2025 WITH TABLE visits_2025
-- expect: other
ALTER TABLE orders DISABLE KEYS
-- expect: other
-- context: users
ALTER TABLE users ALTER COLUMN status DROP DEFAULT
-- expect: no-primary-key
-- context: products
ALTER TABLE products DROP PRIMARY KEY, ADD UNIQUE KEY products_sku (sku)
-- expect: none
-- context: legacy
ALTER TABLE legacy ADD id INT UNSIGNED NOT NULL AUTO_INCREMENT FIRST, ADD PRIMARY KEY (id)
-- expect: destructive
ALTER TABLE orders DISCARD TABLESPACE
-- expect: auto-increment
-- context: users
ALTER TABLE users MODIFY id INT UNSIGNED NOT NULL AUTO_INCREMENT, AUTO_INCREMENT = 3900000000
-- expect: reserved-word
-- server: mysql
-- context: mysql_users
ALTER TABLE mysql_users ADD COLUMN `rank` SMALLINT NOT NULL DEFAULT 0
-- expect: enum, narrowing
-- context: products
ALTER TABLE products MODIFY tags SET('new','sale') DEFAULT NULL
-- expect: no-where
UPDATE products SET price = price * 1.19
-- expect: no-where
UPDATE `products` SET stock = 0 LIMIT 100
-- expect: no-where
DELETE FROM visits
-- expect: no-where
DELETE FROM visits WHERE 'a' = 'a'
-- expect: no-where
DELETE FROM visits WHERE NOT FALSE
-- expect: no-where
DELETE FROM visits WHERE id > 0 OR id <= 0
-- expect: no-where
DELETE FROM visits WHERE id IS NOT NULL
-- expect: none
DELETE FROM visits WHERE seen_at < '2025-01-01' LIMIT 5000
-- expect: none
UPDATE products p JOIN stock_levels s ON s.sku = p.sku SET p.stock = s.stock
-- expect: no-where
UPDATE products p CROSS JOIN defaults d SET p.stock = d.stock
-- expect: none
UPDATE products SET price = 9.99 WHERE sku = 'A-100'
-- expect: none
DELETE v FROM visits v JOIN users u ON u.id = v.user_id WHERE u.status = 'deleted'
-- expect: other
UPDATE users SET email = NULL WHERE id = NULL
-- expect: other
INSERT INTO users VALUES (1, 'a@example.com', 'A')
-- expect: other
SET FOREIGN_KEY_CHECKS = 0
-- expect: other
SET GLOBAL sql_mode = ''
-- expect: none
INSERT INTO settings (`key`, value) VALUES ('theme', 'dark')
-- expect: none
INSERT INTO settings (`key`, value) VALUES ('note', 'DELETE FROM users; DROP TABLE users')
-- expect: other
REPLACE INTO users (id, email) VALUES (1, 'b@example.com')
-- expect: destructive
DROP TABLE customers
-- expect: destructive
DROP TABLE IF EXISTS tmp_import, tmp_export
-- expect: destructive
TRUNCATE TABLE audit_log
-- expect: destructive
DROP DATABASE IF EXISTS staging
-- expect: drop-index
DROP INDEX orders_user_placed ON orders
-- expect: definer
CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`report`@`%` SQL SECURITY DEFINER VIEW daily AS SELECT DATE(placed_at) AS day, SUM(total) AS total FROM orders GROUP BY day
-- expect: none
CREATE VIEW paid_orders AS SELECT * FROM orders WHERE total > 0
-- expect: routine, definer, no-where
CREATE DEFINER=`root`@`localhost` PROCEDURE reset_all()
BEGIN
  UPDATE products SET stock = 0;
  DELETE FROM visits;
END
-- expect: routine, no-where
CREATE EVENT clean ON SCHEDULE EVERY 1 DAY DO DELETE FROM sessions
-- expect: routine
CREATE TRIGGER products_bu BEFORE UPDATE ON products FOR EACH ROW SET NEW.title = TRIM(NEW.title)
-- expect: routine
CREATE FUNCTION cents(amount DECIMAL(12,2)) RETURNS BIGINT DETERMINISTIC NO SQL RETURN ROUND(amount * 100)
-- expect: routine, destructive
CREATE PROCEDURE rotate() BEGIN DROP TABLE IF EXISTS log_old; RENAME TABLE log TO log_old; END
-- expect: charset
CREATE DATABASE intranet DEFAULT CHARACTER SET utf8 DEFAULT COLLATE utf8_general_ci
-- expect: charset
CREATE TABLE mixed (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  a VARCHAR(10) CHARACTER SET utf8mb3 NOT NULL
) DEFAULT CHARSET=utf8mb3
-- expect: charset, other
CREATE TABLE sjis_names (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(99) CHARACTER SET sjis NOT NULL)
-- expect: none
CREATE TABLE orders_2027 LIKE orders
-- expect: other
GRANT ALL PRIVILEGES ON *.* TO 'app'@'%'
-- expect: rename, destructive
-- context: orders
CREATE TABLE orders_new LIKE orders
-- then
ALTER TABLE orders_new DROP COLUMN note
-- then
INSERT INTO orders_new (id, user_id, total, currency, placed_at, shipped_at) SELECT id, user_id, total, currency, placed_at, shipped_at FROM orders
-- then
RENAME TABLE orders TO orders_old, orders_new TO orders
-- then
DROP TABLE orders_old
-- expect: none
CREATE TABLE staging_rows (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, line TEXT NOT NULL)
-- then
DROP TABLE staging_rows
