//! Every minute: finds what is due and sends messages for it.

use domain::error::Error;
use domain::usage::Usage;

/// Ticks once. Ticking twice, or late, does no harm.
pub async fn tick(usage: &Usage) -> Result<(), Error> {
    usage.tick().await
}
