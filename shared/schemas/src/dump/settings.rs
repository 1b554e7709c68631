//! Settings of a session under which definitions read the same on every server.

use crate::mysql::failure::Failure;
use crate::mysql::session::Session;

/// Sets a neutral SQL mode and time zone. The former can change quotes and options of definitions, the latter the default
/// values of `timestamp` columns.
pub async fn neutralize(session: &mut Session) -> Result<(), Failure> {
    session
        .execute("SET @steward_sql_mode = @@SESSION.sql_mode, @steward_time_zone = @@SESSION.time_zone")
        .await?;
    session.execute("SET SESSION sql_mode = '', time_zone = '+00:00'").await
}

/// Restores the settings from before [`neutralize`].
pub async fn restore(session: &mut Session) -> Result<(), Failure> {
    session.execute("SET SESSION sql_mode = @steward_sql_mode, time_zone = @steward_time_zone").await
}
