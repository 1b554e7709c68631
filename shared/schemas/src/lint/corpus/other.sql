-- expect: no-where
UPDATE users SET status = 'active'
-- expect: no-where
DELETE FROM sessions
-- expect: none
UPDATE users SET status = 'blocked' WHERE id = 7
-- expect: none
DELETE FROM sessions WHERE expires < NOW() - INTERVAL 1 DAY
-- expect: no-where
DELETE FROM sessions ORDER BY expires LIMIT 1000
-- expect: no-where
UPDATE users SET status = 'active' WHERE 1
-- expect: no-where
DELETE FROM users WHERE 1 = 1
-- expect: no-where
DELETE FROM users WHERE (TRUE) ORDER BY id
-- expect: no-where
UPDATE users SET age = 1 WHERE id = 5 OR 1 = 1
-- expect: no-where
UPDATE users SET age = 1 WHERE users.id = users.id
-- expect: none
UPDATE users SET age = 1 WHERE 1 = 1 AND id = 5
-- expect: none
UPDATE users SET age = 1 WHERE age BETWEEN 0 AND 1
-- expect: none
UPDATE users SET age = 1 WHERE id IN (SELECT user_id FROM orders)
-- expect: no-where
UPDATE users SET age = (SELECT MAX(age) FROM people WHERE people.id = users.id)
-- expect: none
UPDATE orders o JOIN users u ON u.id = o.user_id SET o.note = u.name
-- expect: none
UPDATE orders INNER JOIN users USING (user_id) SET note = ''
-- expect: no-where
UPDATE orders o LEFT JOIN users u ON u.id = o.user_id SET o.note = u.name
-- expect: no-where
UPDATE orders, users SET orders.note = users.name
-- expect: none
UPDATE orders, users SET orders.note = users.name WHERE users.id = orders.user_id
-- expect: none
DELETE o FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.id IS NULL
-- expect: none
DELETE FROM o USING orders AS o INNER JOIN users AS u ON u.id = o.user_id WHERE u.status = 'deleted'
-- expect: no-where
DELETE LOW_PRIORITY QUICK IGNORE FROM log
-- expect: none
-- server: mysql
WITH old AS (SELECT id FROM users WHERE age > 100) DELETE FROM users WHERE id IN (SELECT id FROM old)
-- expect: no-where
-- server: mysql
WITH old AS (SELECT id FROM users WHERE age > 100) UPDATE users SET age = NULL
-- expect: none
DELETE FROM sessions WHERE user_id = 5 RETURNING id
-- expect: no-where
DELETE FROM sessions RETURNING id
-- expect: no-where
UPDATE users SET name = 'x where id = 1' -- WHERE id = 1
-- expect: no-where
UPDATE users SET name = 'a' /* WHERE id = 1 */
-- expect: none
INSERT INTO countries (code, name) VALUES ('DE', 'Germany'), ('FR', 'France')
-- expect: none
INSERT INTO countries SET code = 'IT', name = 'Italy' ON DUPLICATE KEY UPDATE name = VALUES(name)
-- expect: none
INSERT IGNORE INTO totals (user_id, total) SELECT user_id, SUM(total) FROM orders GROUP BY user_id
-- expect: none
REPLACE INTO countries (code, name) VALUES ('DE', 'Germany')
-- expect: none
SELECT COUNT(*) FROM users
-- expect: destructive
DROP TABLE t2
-- expect: destructive
DROP TABLE IF EXISTS `a`, b CASCADE
-- expect: none
DROP TEMPORARY TABLE IF EXISTS scratch_ids
-- expect: destructive
DROP DATABASE shop
-- expect: destructive
DROP SCHEMA IF EXISTS shop
-- expect: destructive
TRUNCATE TABLE visits
-- expect: destructive
truncate visits
-- expect: destructive
CREATE OR REPLACE TABLE users (id INT UNSIGNED PRIMARY KEY)
-- expect: drop-index
-- context: users
DROP INDEX users_country ON users
-- expect: drop-index
DROP INDEX IF EXISTS `users_country` ON `users`
-- expect: none
DROP VIEW IF EXISTS active_users
-- expect: none
DROP PROCEDURE IF EXISTS purge_old
-- expect: none
DROP TRIGGER users_before_insert
-- expect: none
-- context: orders
CREATE INDEX orders_shipped ON orders (shipped_at)
-- expect: duplicate-index
-- context: orders
CREATE INDEX orders_user ON orders (user_id)
-- expect: none
CREATE UNIQUE INDEX u ON unknown (a) ALGORITHM = INPLACE LOCK = NONE
-- expect: nullable-unique
-- context: orders
CREATE UNIQUE INDEX orders_note USING BTREE ON orders (note)
-- expect: none
-- context: products
CREATE FULLTEXT INDEX IF NOT EXISTS products_all ON products (title, sku)
-- expect: reserved-word
CREATE INDEX `index` ON orders (shipped_at)
-- expect: rename
RENAME TABLE users TO members
-- expect: rename
RENAME TABLE a TO b, c TO d
-- expect: rename, name-case
RENAME TABLE users TO Users2
-- expect: none
CREATE DATABASE reports CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
-- expect: charset
CREATE DATABASE IF NOT EXISTS reports DEFAULT CHARACTER SET utf8
-- expect: charset
ALTER DATABASE shop CHARACTER SET = utf8mb3
-- expect: none
ALTER DATABASE shop COLLATE utf8mb4_unicode_ci
-- expect: none
CREATE VIEW active_users AS SELECT id, name FROM users WHERE status = 'active'
-- expect: definer
CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `active_users` AS select `id` from `users`
-- expect: none
CREATE OR REPLACE DEFINER = CURRENT_USER VIEW active_users AS SELECT id FROM users
-- expect: definer, name-case
CREATE DEFINER = 'app'@'%' VIEW ActiveUsers AS SELECT id FROM users
-- expect: routine
CREATE PROCEDURE purge_old(IN days INT)
BEGIN
  DELETE FROM sessions WHERE expires < NOW() - INTERVAL days DAY;
  SELECT ROW_COUNT();
END
-- expect: routine, definer
CREATE DEFINER=root@localhost PROCEDURE purge_old() DELETE FROM sessions WHERE expires < NOW()
-- expect: routine
CREATE FUNCTION full_name(a VARCHAR(50), b VARCHAR(50)) RETURNS VARCHAR(101) DETERMINISTIC RETURN CONCAT(a, ' ', b)
-- expect: routine
CREATE TRIGGER users_before_insert BEFORE INSERT ON users FOR EACH ROW SET NEW.email = LOWER(NEW.email)
-- expect: routine, definer
CREATE DEFINER=`admin`@`10.%` TRIGGER orders_audit AFTER UPDATE ON orders FOR EACH ROW
BEGIN
  IF NEW.total <> OLD.total THEN
    INSERT INTO audit (order_id, old_total, new_total) VALUES (OLD.id, OLD.total, NEW.total);
  END IF;
END
-- expect: routine
CREATE EVENT IF NOT EXISTS purge_sessions ON SCHEDULE EVERY 1 HOUR DO DELETE FROM sessions WHERE expires < NOW()
-- expect: routine, definer
ALTER DEFINER = 'cron'@'localhost' EVENT purge_sessions DISABLE
-- expect: routine
CREATE AGGREGATE FUNCTION IF NOT EXISTS f(x INT) RETURNS INT BEGIN RETURN x; END
-- expect: none
CALL purge_old(30)
-- expect: none
SET NAMES utf8mb4
-- expect: none
LOCK TABLES users WRITE
-- expect: none
ANALYZE TABLE users
-- expect: none
OPTIMIZE TABLE users
-- expect: none
GRANT SELECT ON shop.* TO 'reader'@'%'
-- expect: none
-- A comment and nothing else
-- expect: none
SELECT 'DROP TABLE users; DELETE FROM users'
-- expect: destructive
SELECT 1; DROP TABLE users
-- expect: none
CREATE TABLE shadow (id INT UNSIGNED PRIMARY KEY, n INT NOT NULL)
-- then
INSERT INTO shadow (id, n) VALUES (1, 2)
-- then
ALTER TABLE shadow ADD COLUMN m INT NOT NULL, DROP COLUMN n
-- then
RENAME TABLE shadow TO shadow_2
-- then
DROP TABLE shadow_2
-- expect: rename, destructive
-- context: users
CREATE TABLE users_next LIKE users
-- then
ALTER TABLE users_next ADD COLUMN locale CHAR(5) CHARACTER SET ascii NOT NULL
-- then
INSERT INTO users_next (id, email, locale) SELECT id, email, 'en' FROM users
-- then
RENAME TABLE users TO users_old, users_next TO users
-- then
DROP TABLE users_old
-- expect: duplicate-index
CREATE TABLE later (id INT UNSIGNED PRIMARY KEY, a INT NOT NULL, KEY a (a))
-- then
CREATE INDEX a_2 ON later (a)
-- expect: none
-- context: users
ALTER TABLE users ADD COLUMN nickname VARCHAR(20)
-- then
UPDATE users SET nickname = name WHERE nickname IS NULL
-- then
CREATE UNIQUE INDEX users_nick_email ON users (email, id)
-- expect: create-select, no-primary-key
CREATE TABLE recent AS (SELECT * FROM orders WHERE placed_at > '2026-01-01')
-- expect: no-where
UPDATE users SET age = 1 WHERE NOT 0
-- expect: none
UPDATE users SET age = 1 WHERE NOT blocked
-- expect: routine, no-where
CREATE PROCEDURE clear(IN really TINYINT)
BEGIN
  DECLARE done INT DEFAULT 0;
  IF really THEN
    DELETE FROM sessions;
  END IF;
END
-- expect: routine, no-where
CREATE PROCEDURE clear_now() MODIFIES SQL DATA UPDATE users SET age = NULL
-- expect: routine
CREATE TRIGGER orders_ad AFTER DELETE ON orders FOR EACH ROW
BEGIN
  INSERT INTO totals (user_id, n) VALUES (OLD.user_id, 1) ON DUPLICATE KEY UPDATE n = n + 1;
  DELETE FROM order_items WHERE order_id = OLD.id;
END
-- expect: routine
CREATE PROCEDURE lock_one(IN n INT) SELECT id FROM orders WHERE id = n FOR UPDATE
-- expect: routine, no-where
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO BEGIN UPDATE users SET age = 0; END
