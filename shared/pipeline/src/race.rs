//! Work against the clock.

use std::pin::pin;

use futures_util::future::{Either, select};
use hookdock_signature::EpochMillis;

use crate::ports::System;

/// The work ran out of time; it was dropped, and may still have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfTime;

/// The result of the work, unless the deadline comes first.
pub(crate) async fn by<T>(
    system: &impl System,
    deadline: EpochMillis,
    work: impl Future<Output = T> + Send,
) -> Result<T, OutOfTime> {
    let remaining = system.now().until(deadline);
    match select(pin!(work), pin!(system.sleep(remaining))).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(((), _)) => Err(OutOfTime),
    }
}
