-- define: users
CREATE TABLE `users` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `email` varchar(190) NOT NULL,
  `name` varchar(100) DEFAULT NULL,
  `bio` text DEFAULT NULL,
  `age` smallint(5) unsigned DEFAULT NULL,
  `status` enum('active','blocked','deleted') NOT NULL DEFAULT 'active',
  `country` char(2) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `full_name` varchar(201) GENERATED ALWAYS AS (concat(`name`,' ',`email`)) VIRTUAL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `users_email` (`email`),
  KEY `users_country` (`country`),
  KEY `users_created` (`created_at`,`status`)
) ENGINE=InnoDB AUTO_INCREMENT=90211 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
-- define: orders
CREATE TABLE `orders` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_id` int(10) unsigned NOT NULL,
  `total` decimal(12,2) NOT NULL DEFAULT 0.00,
  `currency` char(3) NOT NULL DEFAULT 'EUR',
  `note` varchar(500) DEFAULT NULL,
  `placed_at` datetime NOT NULL,
  `shipped_at` datetime DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `orders_user_placed` (`user_id`,`placed_at`),
  CONSTRAINT `orders_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='one row per order; never deleted'
-- define: products
CREATE TABLE `products` (
  `sku` varchar(40) NOT NULL,
  `title` varchar(200) NOT NULL,
  `price` decimal(10,2) NOT NULL,
  `stock` int(11) NOT NULL DEFAULT 0,
  `weight` double DEFAULT NULL,
  `tags` set('new','sale','gift') DEFAULT NULL,
  PRIMARY KEY (`sku`),
  KEY `products_title` (`title`(20)),
  FULLTEXT KEY `products_text` (`title`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
-- define: visits
CREATE TABLE `visits` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` int(10) unsigned DEFAULT NULL,
  `path` varchar(255) NOT NULL,
  `seen_at` datetime NOT NULL,
  PRIMARY KEY (`id`,`seen_at`),
  KEY `visits_user` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
 PARTITION BY RANGE (to_days(`seen_at`))
(PARTITION `p2025` VALUES LESS THAN (739982) ENGINE = InnoDB,
 PARTITION `p2026` VALUES LESS THAN (740347) ENGINE = InnoDB,
 PARTITION `rest` VALUES LESS THAN MAXVALUE ENGINE = InnoDB)
-- define: legacy
CREATE TABLE `legacy` (
  `code` int(11) NOT NULL DEFAULT 0,
  `label` varchar(30) NOT NULL DEFAULT '',
  KEY `code` (`code`)
) ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci
-- define: mysql_users
CREATE TABLE `mysql_users` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `login` varchar(64) COLLATE utf8mb4_general_ci NOT NULL,
  `profile` json DEFAULT NULL,
  `deleted` tinyint(1) NOT NULL DEFAULT '0' /*!80023 INVISIBLE */,
  PRIMARY KEY (`id`),
  UNIQUE KEY `login` (`login`),
  KEY `lower_login` ((lower(`login`)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
