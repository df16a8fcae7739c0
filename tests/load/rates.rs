//! Which rate to try next.

use std::ops::RangeInclusive;

const GROWTH: f64 = 1.4;

/// How near to each other the last rate that is carried and the first that is not have to be.
const NEAR: f64 = 1.1;

/// Below that, nothing is worth to be known.
const LEAST: f64 = 5.0;

/// Further up while all is well, then half-way between what was carried and what was not.
pub(crate) fn next_rate(
    carried: Option<f64>,
    missed: Option<f64>,
    bounds: RangeInclusive<f64>,
) -> Option<f64> {
    match (carried, missed) {
        (None, None) => Some(*bounds.start()),
        (Some(carried), None) => Some(carried * GROWTH).filter(|rate| rate <= bounds.end()),
        (Some(carried), Some(missed)) => {
            (missed > carried * NEAR).then(|| (carried * missed).sqrt())
        }
        (None, Some(missed)) => Some(missed / 2.0).filter(|rate| *rate >= LEAST),
    }
}
