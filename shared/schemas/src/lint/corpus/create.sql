-- expect: none
CREATE TABLE customers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(100) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
-- expect: auto-increment
create table t1 (id int primary key auto_increment)
-- expect: auto-increment, charset
create table t01 (id int primary key auto_increment) engine=InnoDB default charset=utf8
-- expect: none
CREATE TABLE IF NOT EXISTS `invoices` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `number` varchar(20) NOT NULL,
  `issued` date NOT NULL,
  `total` decimal(12,2) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `invoices_number` (`number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
-- expect: no-primary-key
CREATE TABLE messages (sent DATETIME NOT NULL, body TEXT NOT NULL) ENGINE=InnoDB
-- expect: no-primary-key
CREATE TABLE tokens (token BINARY(16) NOT NULL, user_id INT UNSIGNED NOT NULL, UNIQUE KEY tokens_token (token))
-- expect: none
CREATE TEMPORARY TABLE scratch_ids (id INT UNSIGNED NOT NULL) ENGINE=MEMORY
-- expect: none
CREATE TABLE user_roles (
  user_id INT UNSIGNED NOT NULL,
  role_id SMALLINT UNSIGNED NOT NULL,
  PRIMARY KEY (user_id, role_id),
  KEY user_roles_role (role_id)
)
-- expect: primary-key-type
CREATE TABLE sessions (
  id VARCHAR(128) NOT NULL PRIMARY KEY,
  expires DATETIME NOT NULL
)
-- expect: primary-key-type
CREATE TABLE devices (uuid CHAR(36) CHARACTER SET ascii NOT NULL, PRIMARY KEY (uuid))
-- expect: none
CREATE TABLE device_keys (uuid BINARY(16) NOT NULL, PRIMARY KEY (uuid))
-- expect: none
CREATE TABLE items (id UUID NOT NULL DEFAULT uuid() PRIMARY KEY, title VARCHAR(80) NOT NULL)
-- expect: none
CREATE TABLE countries (code CHAR(2) CHARACTER SET ascii NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL) CHARSET=utf8mb4
-- expect: primary-key-type
CREATE TABLE rates (rate DECIMAL(8,4) NOT NULL, day DATE NOT NULL, PRIMARY KEY (rate, day))
-- expect: primary-key-type
CREATE TABLE pages (url TEXT NOT NULL, hits INT UNSIGNED NOT NULL DEFAULT 0, PRIMARY KEY (url(100)))
-- expect: duplicate-index
CREATE TABLE posts (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  author_id INT UNSIGNED NOT NULL,
  created DATETIME NOT NULL,
  PRIMARY KEY (id),
  KEY posts_author (author_id),
  KEY posts_author_created (author_id, created)
)
-- expect: duplicate-index
CREATE TABLE post_tags (id INT UNSIGNED NOT NULL PRIMARY KEY, tag VARCHAR(30) NOT NULL, INDEX (id), INDEX (tag))
-- expect: duplicate-index
CREATE TABLE a1 (id INT UNSIGNED PRIMARY KEY, c INT NOT NULL, UNIQUE KEY u (c), KEY k (c))
-- expect: duplicate-index
CREATE TABLE a2 (id INT UNSIGNED NOT NULL UNIQUE, PRIMARY KEY (id))
-- expect: none
CREATE TABLE a3 (id INT UNSIGNED PRIMARY KEY, c INT NOT NULL, d INT NOT NULL, UNIQUE KEY u (c), KEY k (c, d))
-- expect: none
CREATE TABLE a4 (id INT UNSIGNED PRIMARY KEY, c INT NOT NULL, d INT NOT NULL, KEY cd (c, d), KEY dc (d, c))
-- expect: none
CREATE TABLE a5 (id INT UNSIGNED PRIMARY KEY, t VARCHAR(99) NOT NULL, KEY k (t), FULLTEXT KEY f (t))
-- expect: duplicate-index
CREATE TABLE a6 (id INT UNSIGNED PRIMARY KEY, t VARCHAR(99) NOT NULL, KEY short_t (t(10)), KEY whole_t (t))
-- expect: duplicate-index
CREATE TABLE a7 (id INT UNSIGNED PRIMARY KEY, t VARCHAR(99) NOT NULL, KEY short_t (t(10)), UNIQUE KEY whole_t (t(20)), KEY d (t DESC))
-- expect: duplicate-index
CREATE TABLE a8 (id INT UNSIGNED PRIMARY KEY, t TEXT NOT NULL, FULLTEXT INDEX f1 (t), FULLTEXT INDEX f2 (t))
-- expect: charset
CREATE TABLE b1 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) CHARACTER SET utf8
-- expect: charset
CREATE TABLE b2 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci
-- expect: charset, collation
CREATE TABLE b3 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) CHARACTER SET utf8 NOT NULL) CHARSET utf8mb4
-- expect: charset
CREATE TABLE b4 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) COLLATE utf8_unicode_ci
-- expect: charset
CREATE TABLE b5 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) DEFAULT CHARACTER SET = ucs2
-- expect: none
CREATE TABLE b6 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) DEFAULT CHARSET=latin1
-- expect: none
CREATE TABLE b7 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) COMMENT='CHARSET=utf8 ENGINE=MyISAM'
-- expect: charset
-- schema: utf8mb3 utf8mb3_general_ci
CREATE TABLE b8 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL)
-- expect: none
-- schema: utf8mb3 utf8mb3_general_ci
CREATE TABLE b9 (id INT UNSIGNED PRIMARY KEY, n INT NOT NULL)
-- expect: collation
-- schema: utf8mb4 utf8mb4_unicode_ci
CREATE TABLE c1 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
-- expect: none
-- schema: utf8mb4 utf8mb4_unicode_ci
CREATE TABLE c2 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) NOT NULL) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
-- expect: collation
CREATE TABLE c3 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) COLLATE utf8mb4_swedish_ci NOT NULL) COLLATE=utf8mb4_unicode_ci
-- expect: none
CREATE TABLE c4 (id INT UNSIGNED PRIMARY KEY, h CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, k VARCHAR(9) COLLATE utf8mb4_bin NOT NULL) COLLATE=utf8mb4_unicode_ci
-- expect: collation
CREATE TABLE c5 (id INT UNSIGNED PRIMARY KEY, n VARCHAR(10) CHARACTER SET latin1 NOT NULL) DEFAULT CHARSET=utf8mb4
-- expect: engine
CREATE TABLE d1 (id INT UNSIGNED PRIMARY KEY) ENGINE=MyISAM
-- expect: engine
CREATE TABLE d2 (id INT UNSIGNED PRIMARY KEY) ENGINE = Aria TRANSACTIONAL=1
-- expect: engine, no-primary-key
CREATE TABLE d3 (at DATETIME NOT NULL, line TEXT NOT NULL) ENGINE archive
-- expect: engine
CREATE TABLE d4 (id INT UNSIGNED PRIMARY KEY) ENGINE='MEMORY' MAX_ROWS=1000
-- expect: none
create table d5 (id int unsigned primary key) engine innodb
-- expect: foreign-key
-- context: users
CREATE TABLE addresses (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT UNSIGNED NOT NULL,
  street VARCHAR(200) NOT NULL,
  KEY addresses_user (user_id),
  CONSTRAINT addresses_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
)
-- expect: foreign-key, foreign-key-parent
-- context: users
CREATE TABLE logins (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT UNSIGNED NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id)
)
-- expect: foreign-key, foreign-key-parent
-- context: users
CREATE TABLE logins (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
)
-- expect: foreign-key, foreign-key-parent
-- context: users
CREATE TABLE visas (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  FOREIGN KEY visas_country (country) REFERENCES users (country)
) CHARSET=utf8mb4
-- expect: foreign-key
CREATE TABLE logins (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT UNSIGNED NOT NULL,
  FOREIGN KEY (user_id) REFERENCES accounts (id)
)
-- expect: foreign-key
CREATE TABLE nodes (
  id INT UNSIGNED NOT NULL PRIMARY KEY,
  parent_id INT UNSIGNED,
  CONSTRAINT FOREIGN KEY (parent_id) REFERENCES nodes (id)
)
-- expect: foreign-key, foreign-key-parent
CREATE TABLE nodes (
  id INT UNSIGNED NOT NULL PRIMARY KEY,
  parent_id INT UNSIGNED,
  CONSTRAINT FOREIGN KEY (parent_id) REFERENCES nodes (key_id)
)
-- expect: foreign-key, foreign-key-parent
-- context: products
CREATE TABLE stock_moves (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku VARCHAR(40) NOT NULL,
  FOREIGN KEY (sku) REFERENCES products (sku)
) DEFAULT CHARSET=latin1
-- expect: foreign-key
-- context: users
CREATE TABLE notes (id INT UNSIGNED PRIMARY KEY, user_id INT UNSIGNED NOT NULL REFERENCES users (id))
-- expect: float-money
CREATE TABLE e1 (id INT UNSIGNED PRIMARY KEY, price FLOAT NOT NULL, weight FLOAT NOT NULL)
-- expect: float-money
CREATE TABLE e2 (id INT UNSIGNED PRIMARY KEY, totalAmount DOUBLE(10,2) NOT NULL)
-- expect: float-money
CREATE TABLE e3 (id INT UNSIGNED PRIMARY KEY, account_balance REAL NOT NULL)
-- expect: none
CREATE TABLE e4 (id INT UNSIGNED PRIMARY KEY, latitude DOUBLE NOT NULL, longitude DOUBLE PRECISION NOT NULL, tax_rate FLOAT NOT NULL)
-- expect: none
CREATE TABLE e5 (id INT UNSIGNED PRIMARY KEY, price DECIMAL(10,2) NOT NULL, fee_cents BIGINT NOT NULL)
-- expect: enum
CREATE TABLE f1 (id INT UNSIGNED PRIMARY KEY, state ENUM('new','paid','sent') NOT NULL DEFAULT 'new')
-- expect: enum
CREATE TABLE f2 (id INT UNSIGNED PRIMARY KEY, days SET('mon','tue','wed') NOT NULL)
-- expect: reserved-word
CREATE TABLE `order` (id INT UNSIGNED PRIMARY KEY)
-- expect: reserved-word
CREATE TABLE g1 (id INT UNSIGNED PRIMARY KEY, `key` VARCHAR(20) NOT NULL, `desc` TEXT NOT NULL)
-- expect: none
CREATE TABLE g2 (id INT UNSIGNED PRIMARY KEY, `rank` INT NOT NULL, `groups` INT NOT NULL)
-- expect: reserved-word
-- server: mysql
CREATE TABLE g3 (id INT UNSIGNED PRIMARY KEY, `rank` INT NOT NULL)
-- expect: reserved-word
CREATE TABLE g4 (id INT UNSIGNED PRIMARY KEY, `offset` INT NOT NULL)
-- expect: none
-- server: mysql
CREATE TABLE g5 (id INT UNSIGNED PRIMARY KEY, offset INT NOT NULL, status INT NOT NULL, type INT NOT NULL, name VARCHAR(9) NOT NULL)
-- expect: reserved-word
CREATE TABLE g6 (id INT UNSIGNED PRIMARY KEY, c INT NOT NULL, KEY `group` (c))
-- expect: zero-date
CREATE TABLE h1 (id INT UNSIGNED PRIMARY KEY, created DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00')
-- expect: zero-date
CREATE TABLE h2 (id INT UNSIGNED PRIMARY KEY, born DATE NOT NULL DEFAULT '1970-00-00')
-- expect: zero-date
CREATE TABLE h3 (id INT UNSIGNED PRIMARY KEY, born DATE DEFAULT 0)
-- expect: zero-date, time-type
CREATE TABLE h4 (id INT UNSIGNED PRIMARY KEY, seen TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00')
-- expect: none
CREATE TABLE h5 (id INT UNSIGNED PRIMARY KEY, born DATE NOT NULL DEFAULT '1970-01-01', at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)
-- expect: none
CREATE TABLE h6 (id INT UNSIGNED PRIMARY KEY, label VARCHAR(20) NOT NULL DEFAULT '0000-00-00')
-- expect: time-type
CREATE TABLE i1 (id INT UNSIGNED PRIMARY KEY, updated TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3))
-- expect: nullable-unique
CREATE TABLE j1 (id INT UNSIGNED PRIMARY KEY, email VARCHAR(100), UNIQUE KEY j1_email (email))
-- expect: nullable-unique
CREATE TABLE j2 (id INT UNSIGNED PRIMARY KEY, ext_id BIGINT NULL UNIQUE)
-- expect: none
CREATE TABLE j3 (id INT UNSIGNED PRIMARY KEY, email VARCHAR(100) NOT NULL UNIQUE KEY)
-- expect: name-case
CREATE TABLE UserAccounts (id INT UNSIGNED PRIMARY KEY)
-- expect: none
CREATE TABLE user_accounts (userId INT UNSIGNED PRIMARY KEY)
-- expect: display-width
CREATE TABLE k1 (id INT UNSIGNED PRIMARY KEY, age INT(3) NOT NULL)
-- expect: display-width
CREATE TABLE k2 (id INT UNSIGNED PRIMARY KEY, big BIGINT(10) NOT NULL, small SMALLINT(6) NOT NULL)
-- expect: none
CREATE TABLE k3 (id INT(10) UNSIGNED PRIMARY KEY, flag TINYINT(1) NOT NULL, code INT(5) ZEROFILL NOT NULL, n INT(11) NOT NULL)
-- expect: display-width
-- server: mysql
CREATE TABLE k4 (id INT(10) UNSIGNED PRIMARY KEY, flag TINYINT(1) NOT NULL)
-- expect: auto-increment
CREATE TABLE l1 (id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY)
-- expect: none
CREATE TABLE l2 (id BIGINT NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) AUTO_INCREMENT=1000
-- expect: auto-increment
CREATE TABLE l3 (id INT UNSIGNED NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) AUTO_INCREMENT = 4000000000
-- expect: no-primary-key
CREATE TABLE l4 (id SERIAL, n INT NOT NULL)
-- expect: compression
CREATE TABLE m1 (id INT UNSIGNED PRIMARY KEY, body MEDIUMTEXT NOT NULL) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8
-- expect: compression
CREATE TABLE m2 (id INT UNSIGNED PRIMARY KEY, body MEDIUMTEXT NOT NULL) `PAGE_COMPRESSED`=1
-- expect: compression
-- server: mysql
CREATE TABLE m3 (id INT UNSIGNED PRIMARY KEY, body MEDIUMTEXT NOT NULL) COMPRESSION='zlib'
-- expect: none
CREATE TABLE m4 (id INT UNSIGNED PRIMARY KEY, body MEDIUMTEXT NOT NULL) ROW_FORMAT=DYNAMIC PAGE_COMPRESSED=0
-- expect: create-select, no-primary-key
CREATE TABLE users_copy AS SELECT * FROM users
-- expect: create-select
CREATE TABLE totals (id INT UNSIGNED PRIMARY KEY) ENGINE=InnoDB SELECT user_id AS id, SUM(total) AS total FROM orders GROUP BY user_id
-- expect: none
CREATE TEMPORARY TABLE totals AS SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id
-- expect: none
-- context: users
CREATE TABLE users_next LIKE users
-- expect: no-primary-key
-- context: legacy
CREATE TABLE legacy_next LIKE legacy
-- expect: none
CREATE TABLE somewhere_next (LIKE somewhere)
-- expect: none
CREATE TABLE measures (
  sensor INT UNSIGNED NOT NULL,
  at DATETIME NOT NULL,
  value DOUBLE NOT NULL,
  PRIMARY KEY (sensor, at)
) PARTITION BY RANGE COLUMNS (at) (
  PARTITION p1 VALUES LESS THAN ('2026-01-01') ENGINE = InnoDB,
  PARTITION p2 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB
)
-- expect: none
CREATE TABLE prices (
  id INT UNSIGNED NOT NULL PRIMARY KEY,
  price DECIMAL(10,2) NOT NULL,
  row_start TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
  row_end TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
  PERIOD FOR SYSTEM_TIME (row_start, row_end)
) WITH SYSTEM VERSIONING
-- expect: none
CREATE TABLE documents (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  body JSON NOT NULL CHECK (json_valid(body)),
  title VARCHAR(100) GENERATED ALWAYS AS (json_unquote(json_extract(body, '$.title'))) STORED,
  CONSTRAINT body_is_long CHECK (length(body) > 2),
  KEY documents_title (title)
)
-- expect: none
-- server: mysql
CREATE TABLE places (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  position POINT NOT NULL SRID 4326,
  name VARCHAR(100) NOT NULL,
  SPATIAL INDEX places_position (position),
  INDEX places_name ((lower(name)))
)
-- expect: none
CREATE TABLE escapes (
  id INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'it''s, (the) key',
  quote VARCHAR(10) NOT NULL DEFAULT '\'' COMMENT "a \"b\" c", -- one, (two)
  `odd,name` INT NOT NULL /* ) */
)
-- expect: none
CREATE SEQUENCE order_numbers START WITH 1000 INCREMENT BY 1
-- expect: none
CREAT TABLE t (id INT)
-- expect: none
CREATE TABLE broken (id INT UNSIGNED PRIMARY KEY,, name VARCHAR(10))
-- expect: none
CREATE TABLE broken (id INT UNSIGNED PRIMARY KEY, name VARCHAR(10)
