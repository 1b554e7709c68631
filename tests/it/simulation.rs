//! The simulation of the whole bundle: see `tests::simulation`.

use anyhow::Result;
use tests::simulation::check;
use tests::simulation::plan::Plan;

#[test]
fn runs_of_one_seed_are_identical() -> Result<()> {
    for seed in [1, 2] {
        let plan = Plan::drawn(seed);
        let (first, second) = (check(&plan)?, check(&plan)?);
        assert_eq!((first.digest, first.violations), (second.digest, second.violations), "seed {seed}");
    }
    Ok(())
}
