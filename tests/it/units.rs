//! What recording, verifying and reading cost is what the repository says they cost.

use anyhow::Result;
use tests::bench;

#[tokio::test]
async fn units_and_round_trips_are_those_that_are_kept() -> Result<()> {
    let (kept, found) = (include_str!("../bench/units.txt"), Box::pin(bench::units()).await?);
    let mut differences = String::new();
    let (mut kept, mut found) = (kept.lines(), found.lines());
    loop {
        match (kept.next(), found.next()) {
            (None, None) => break,
            (kept, found) if kept == found => {}
            (kept, found) => {
                let (kept, found) = (kept.unwrap_or("-"), found.unwrap_or("-"));
                differences.push_str(&["kept:  ", kept, "\nfound: ", found, "\n"].concat());
            }
        }
    }
    assert!(
        differences.is_empty(),
        "if this is meant, `make bench` keeps it and the change says why:\n{differences}"
    );
    Ok(())
}
