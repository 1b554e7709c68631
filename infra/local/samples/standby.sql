-- The scratch server is also a second server, whose schema was changed by hand.
CREATE DATABASE test_schema_1 CHARACTER SET utf8mb4;

CREATE TABLE test_schema_1.customer (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    email varchar(255) NOT NULL,
    name varchar(120) NOT NULL,
    created_at datetime NOT NULL,
    remark text,
    PRIMARY KEY (id)
) ENGINE=InnoDB;
