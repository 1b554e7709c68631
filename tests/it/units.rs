//! The measured costs match `tests/bench/units.txt`.

use anyhow::Result;
use tests::bench;

#[tokio::test]
async fn units_and_round_trips_match_the_kept_ones() -> Result<()> {
    let (kept, measured) = (include_str!("../bench/units.txt"), Box::pin(bench::units()).await?);
    let mut differences = String::new();
    let (mut kept, mut measured) = (kept.lines(), measured.lines());
    loop {
        match (kept.next(), measured.next()) {
            (None, None) => break,
            (kept, measured) if kept == measured => {}
            (kept, measured) => {
                let (kept, measured) = (kept.unwrap_or("-"), measured.unwrap_or("-"));
                differences.push_str(&["kept:     ", kept, "\nmeasured: ", measured, "\n"].concat());
            }
        }
    }
    assert!(
        differences.is_empty(),
        "run `make bench` if the change is intended, and explain it in the commit:\n{differences}"
    );
    Ok(())
}
