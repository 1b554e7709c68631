-- The schemas of the target server: what the examples change.
CREATE DATABASE test_schema_1 CHARACTER SET utf8mb4;
CREATE DATABASE pdbtest_db1 CHARACTER SET utf8mb4;

USE test_schema_1;

CREATE TABLE customer (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    email varchar(255) NOT NULL,
    name varchar(120) NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY customer_email (email)
) ENGINE=InnoDB;

CREATE TABLE purchase (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    customer_id bigint unsigned NOT NULL,
    total decimal(10,2) NOT NULL,
    note varchar(200) NOT NULL DEFAULT '',
    placed_at datetime NOT NULL,
    PRIMARY KEY (id),
    KEY purchase_customer (customer_id)
) ENGINE=InnoDB;

INSERT INTO customer (email, name, created_at)
    SELECT CONCAT('customer', seq, '@example.com'), CONCAT('Customer ', seq), '2013-04-01 04:02:25' + INTERVAL seq MINUTE
    FROM seq_1_to_2000;

INSERT INTO purchase (customer_id, total, placed_at)
    SELECT 1 + seq % 2000, seq % 1000 / 10, '2013-04-27 00:24:40' + INTERVAL seq MINUTE
    FROM seq_1_to_50000;

USE pdbtest_db1;

CREATE TABLE article (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    title varchar(200) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB;

ANALYZE TABLE test_schema_1.customer, test_schema_1.purchase;
