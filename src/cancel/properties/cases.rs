//! Which cases of a property are looked at.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// So many times the usual number, and the same ones every time, unless others are asked for.
pub(crate) fn cases(times: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases * times,
        rng_seed: match usual.rng_seed {
            RngSeed::Random => RngSeed::Fixed(20_261_122),
            asked => asked,
        },
        failure_persistence: None,
        ..usual
    }
}
