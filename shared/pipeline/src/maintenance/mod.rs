//! The third use case: what is due while no webhook comes and no message is there.
//!
//! It is called each minute. That it is called twice, late, or side by side with itself does no
//! harm: whatever it is about to do is marked in the ledger first, and the mark decides.

mod recovery;
mod wake;

pub use wake::{Maintenance, Woken};
