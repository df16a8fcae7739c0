//! From which size on an object is cheaper than an inline delivery.

use serde::Serialize;

use super::bill::Bill;
use super::figures::Figures;
use super::workload::{Store, Workload};

const STEP: u64 = 1024;
const LARGEST: u64 = 1 << 20;
const SHOWN: [u64; 8] = [1, 4, 16, 64, 128, 256, 384, 512];

/// Both ways at one size.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) bytes: u64,
    pub(crate) object: f64,
    pub(crate) inline: f64,
}

/// Both ways over sizes, in dollars per million events.
#[derive(Debug, Serialize)]
pub(crate) struct BreakEven {
    /// The smallest body, in steps of 1 KiB, for which an object is cheaper, were every other in
    /// its message. `None`: there is none up to what SQS takes.
    pub(crate) from_bytes: Option<u64>,
    pub(crate) sizes: Vec<Compared>,
}

impl BreakEven {
    pub(crate) fn of(workload: &Workload, figures: &Figures) -> Self {
        let compare = |bytes| Compared::at(workload, figures, bytes);
        let mut sizes = (0..=LARGEST / STEP).map(|step| compare(step * STEP));
        Self {
            from_bytes: sizes.find(|size| size.object < size.inline).map(|size| size.bytes),
            sizes: SHOWN.into_iter().map(|kib| compare(kib * 1024)).collect(),
        }
    }
}

impl Compared {
    fn at(workload: &Workload, figures: &Figures, bytes: u64) -> Self {
        let dollars = |store| {
            let workload = Workload { store, bytes, any_size: true, ..workload.clone() };
            Bill::of(&workload, figures).dollars_per_million
        };
        Self { bytes, object: dollars(Store::Object), inline: dollars(Store::Inline) }
    }
}
