//! Sessions on `MySQL` and `MariaDB` servers. No other module uses the driver.
