-- expect: none
-- context: users
ALTER TABLE users ADD COLUMN phone VARCHAR(30) DEFAULT NULL AFTER email
-- expect: none
ALTER TABLE users ADD phone VARCHAR(30), ADD mobile VARCHAR(30)
-- expect: none
-- context: orders
ALTER TABLE orders ADD COLUMN IF NOT EXISTS paid TINYINT(1) NOT NULL DEFAULT 0, ALGORITHM=INSTANT, LOCK=NONE
-- expect: not-null
-- context: users
ALTER TABLE users ADD COLUMN score INT NOT NULL
-- expect: not-null
ALTER TABLE anything ADD score INT NOT NULL FIRST, ADD other INT NULL
-- expect: none
ALTER TABLE anything ADD COLUMN (a INT, b VARCHAR(20) NOT NULL DEFAULT '')
-- expect: not-null
ALTER TABLE anything ADD COLUMN (a INT, b VARCHAR(20) NOT NULL)
-- expect: none
-- server: mysql
ALTER TABLE anything ADD COLUMN c INT GENERATED ALWAYS AS (a + b) STORED NOT NULL
-- expect: none
ALTER TABLE anything ADD COLUMN c INT AS (a + b) PERSISTENT
-- expect: not-null
-- context: users
ALTER TABLE users MODIFY name VARCHAR(100) NOT NULL
-- expect: none
-- context: users
ALTER TABLE users MODIFY email VARCHAR(190) NOT NULL
-- expect: none
-- context: users
ALTER TABLE users MODIFY COLUMN name VARCHAR(200)
-- expect: narrowing
-- context: users
ALTER TABLE users MODIFY COLUMN name VARCHAR(50)
-- expect: narrowing
-- context: users
ALTER TABLE users CHANGE name name CHAR(20) NULL
-- expect: narrowing, rename
-- context: users
ALTER TABLE users CHANGE COLUMN bio about TINYTEXT
-- expect: rename
-- context: users
ALTER TABLE users CHANGE COLUMN bio about TEXT
-- expect: narrowing
-- context: users
ALTER TABLE users MODIFY age TINYINT UNSIGNED
-- expect: narrowing
-- context: users
ALTER TABLE users MODIFY age SMALLINT
-- expect: none
-- context: users
ALTER TABLE users MODIFY age INT UNSIGNED
-- expect: narrowing, enum
-- context: users
ALTER TABLE users MODIFY status ENUM('active','blocked') NOT NULL DEFAULT 'active'
-- expect: enum
-- context: users
ALTER TABLE users MODIFY status ENUM('active','blocked','deleted','invited') NOT NULL DEFAULT 'active'
-- expect: narrowing
-- context: orders
ALTER TABLE orders MODIFY total DECIMAL(10,2) NOT NULL DEFAULT 0.00
-- expect: narrowing, float-money
-- context: orders
ALTER TABLE orders MODIFY total DOUBLE NOT NULL DEFAULT 0
-- expect: none
-- context: orders
ALTER TABLE orders MODIFY total DECIMAL(14,2) NOT NULL DEFAULT 0.00
-- expect: narrowing
-- context: orders
ALTER TABLE orders MODIFY placed_at DATE NOT NULL
-- expect: narrowing, time-type
-- context: orders
ALTER TABLE orders MODIFY placed_at TIMESTAMP NOT NULL DEFAULT current_timestamp()
-- expect: none
-- context: orders
ALTER TABLE orders MODIFY placed_at DATETIME(3) NOT NULL
-- expect: narrowing
-- context: users
ALTER TABLE users MODIFY created_at DATETIME NOT NULL DEFAULT current_timestamp()
-- expect: narrowing, collation
-- context: users
ALTER TABLE users MODIFY name VARCHAR(100) CHARACTER SET latin1
-- expect: none
-- context: users
ALTER TABLE users MODIFY name TEXT
-- expect: narrowing
-- context: orders
ALTER TABLE orders MODIFY note INT
-- expect: none
ALTER TABLE unknown MODIFY name VARCHAR(5)
-- expect: primary-key-type, narrowing
-- context: users
ALTER TABLE users MODIFY id VARCHAR(5) NOT NULL
-- expect: auto-increment, narrowing
-- context: orders
ALTER TABLE orders MODIFY id INT NOT NULL AUTO_INCREMENT
-- expect: none
-- context: orders
ALTER TABLE orders MODIFY id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT
-- expect: destructive
-- context: orders
ALTER TABLE orders DROP COLUMN note
-- expect: destructive
ALTER TABLE orders DROP note, DROP COLUMN IF EXISTS remark
-- expect: none
-- context: users
ALTER TABLE users DROP COLUMN full_name
-- expect: drop-index
-- context: users
ALTER TABLE users DROP INDEX users_country
-- expect: drop-index
ALTER TABLE users DROP KEY IF EXISTS users_country
-- expect: none
-- context: users
ALTER TABLE users DROP KEY users_country, ADD KEY users_country (country, created_at)
-- expect: no-primary-key
-- context: orders
ALTER TABLE orders DROP PRIMARY KEY
-- expect: none
-- context: orders
ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (user_id, id)
-- expect: no-primary-key
ALTER TABLE elsewhere DROP PRIMARY KEY
-- expect: duplicate-index
-- context: legacy
ALTER TABLE legacy ADD PRIMARY KEY (code)
-- expect: none
ALTER TABLE legacy ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST
-- expect: no-primary-key, destructive
-- context: users
ALTER TABLE users DROP COLUMN id
-- expect: none
-- context: users
ALTER TABLE users ADD INDEX users_age (age)
-- expect: duplicate-index
-- context: users
ALTER TABLE users ADD INDEX users_email_2 (email)
-- expect: duplicate-index
-- context: users
ALTER TABLE users ADD INDEX by_created (created_at)
-- expect: duplicate-index
-- context: users
ALTER TABLE users ADD KEY users_country_status (country, status)
-- expect: none
-- context: users
ALTER TABLE users DROP KEY users_country, ADD KEY users_country_status (country, status)
-- expect: duplicate-index
ALTER TABLE unknown ADD KEY a (a), ADD KEY ab (a, b)
-- expect: nullable-unique
-- context: users
ALTER TABLE users ADD UNIQUE KEY users_name (name)
-- expect: duplicate-index
-- context: orders
ALTER TABLE orders ADD UNIQUE orders_user_time (user_id, placed_at, id)
-- expect: duplicate-index
-- context: products
ALTER TABLE products ADD CONSTRAINT products_title_unique UNIQUE (title)
-- expect: foreign-key
-- context: users, orders
ALTER TABLE orders ADD CONSTRAINT orders_user_2 FOREIGN KEY (user_id) REFERENCES users (id)
-- expect: foreign-key, foreign-key-parent
-- context: orders, visits
ALTER TABLE visits ADD COLUMN order_id INT UNSIGNED DEFAULT NULL, ADD FOREIGN KEY (order_id) REFERENCES orders (id)
-- expect: none
-- context: orders
ALTER TABLE orders DROP FOREIGN KEY orders_user
-- expect: none
-- context: orders
ALTER TABLE orders DROP CONSTRAINT orders_user
-- expect: none
ALTER TABLE orders ENGINE=InnoDB
-- expect: engine
ALTER TABLE orders ENGINE=MyISAM
-- expect: engine
ALTER TABLE orders ENGINE = 'Aria', COMMENT = 'moved'
-- expect: none
-- context: legacy
ALTER TABLE legacy CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
-- expect: charset
-- context: legacy
ALTER TABLE legacy CONVERT TO CHARACTER SET utf8
-- expect: narrowing
-- context: users
ALTER TABLE users CONVERT TO CHARACTER SET latin1
-- expect: charset
ALTER TABLE users DEFAULT CHARACTER SET utf8mb3
-- expect: collation
-- schema: utf8mb4 utf8mb4_unicode_ci
ALTER TABLE users COLLATE utf8mb4_0900_ai_ci
-- expect: compression
ALTER TABLE visits ROW_FORMAT=COMPRESSED, KEY_BLOCK_SIZE=4
-- expect: none
ALTER TABLE visits ROW_FORMAT=DYNAMIC
-- expect: auto-increment
-- context: users
ALTER TABLE users AUTO_INCREMENT=4100000000
-- expect: none
-- context: users
ALTER TABLE users AUTO_INCREMENT=100000
-- expect: rename
-- context: users
ALTER TABLE users RENAME TO members
-- expect: rename
-- context: users
ALTER TABLE users RENAME COLUMN name TO display_name
-- expect: none
-- context: users
ALTER TABLE users RENAME INDEX users_country TO users_by_country
-- expect: rename, reserved-word
ALTER TABLE users RENAME `group`
-- expect: reserved-word
-- server: mysql
ALTER TABLE mysql_users ADD COLUMN `system` INT NULL
-- expect: name-case, rename
ALTER TABLE users RENAME AS Users_Old
-- expect: zero-date
ALTER TABLE users ALTER COLUMN created_at SET DEFAULT '0000-00-00 00:00:00'
-- expect: none
-- context: users
ALTER TABLE users ALTER name SET DEFAULT 'nobody', ALTER age DROP DEFAULT
-- expect: none
ALTER TABLE visits ADD PARTITION (PARTITION p2027 VALUES LESS THAN (740712))
-- expect: destructive
ALTER TABLE visits DROP PARTITION p2025
-- expect: destructive
ALTER TABLE visits TRUNCATE PARTITION p2025, p2026
-- expect: none
ALTER TABLE visits REORGANIZE PARTITION rest INTO (PARTITION p2027 VALUES LESS THAN (740712), PARTITION rest VALUES LESS THAN MAXVALUE)
-- expect: none
ALTER TABLE orders PARTITION BY HASH (id) PARTITIONS 8
-- expect: none
ALTER TABLE orders REMOVE PARTITIONING
-- expect: none
ALTER TABLE prices ADD SYSTEM VERSIONING
-- expect: destructive
ALTER TABLE prices DROP SYSTEM VERSIONING
-- expect: none
ALTER TABLE orders WAIT 5 ADD COLUMN gift TINYINT(1) NOT NULL DEFAULT 0
-- expect: none
ALTER ONLINE TABLE orders NOWAIT ADD INDEX orders_shipped (shipped_at)
-- expect: none
-- server: mysql
-- context: mysql_users
ALTER TABLE mysql_users ALTER INDEX login INVISIBLE
-- expect: none
-- context: orders
ALTER TABLE orders ADD CHECK (total >= 0), ADD CONSTRAINT named CHECK (currency <> '')
-- expect: none
-- context: orders
ALTER TABLE orders ORDER BY placed_at, id
-- expect: none
ALTER TABLE users ADD COLUMN
-- expect: enum, time-type, display-width
-- context: users
ALTER TABLE users ADD kind ENUM('a','b') NOT NULL DEFAULT 'a', ADD seen TIMESTAMP NULL, ADD level INT(2) DEFAULT NULL
-- expect: none
-- server: mysql
-- context: mysql_users
ALTER TABLE mysql_users ADD INDEX upper_login ((upper(login))), ADD UNIQUE INDEX login_id (login, id)
-- expect: duplicate-index
-- server: mysql
-- context: mysql_users
ALTER TABLE mysql_users ADD INDEX lower_login_2 ((LOWER(login)))
-- expect: narrowing
-- server: mysql
-- context: mysql_users
ALTER TABLE mysql_users MODIFY profile VARCHAR(200) DEFAULT NULL
-- expect: none
-- context: users
ALTER TABLE other_schema.users MODIFY name VARCHAR(5)
-- expect: none
-- context: users
ALTER IGNORE TABLE users ADD UNIQUE KEY users_email_name (email, id)
-- expect: primary-key-type
-- context: legacy
ALTER TABLE legacy ADD PRIMARY KEY (code, label), DROP KEY code
-- expect: destructive
-- server: mysql
ALTER TABLE visits EXCHANGE PARTITION rest WITH TABLE visits_rest WITHOUT VALIDATION
-- expect: destructive
-- server: mysql
ALTER TABLE visits DISCARD PARTITION p2025 TABLESPACE
