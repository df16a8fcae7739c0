//! Work against the clock.

use std::pin::pin;

use futures_util::future::{Either, select};
use hookdock_signature::EpochMillis;

use crate::model::system::System;

/// The work ran out of time; it was dropped, and may still have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeadlineExceeded;

/// The result of the work, unless the deadline comes first.
///
/// The clock is looked at before the work goes on, each time. A worker that was held up past its
/// deadline may have lost what it works on to another, and must not go a single step further.
pub(crate) fn with_deadline<T>(
    system: &impl System,
    deadline: EpochMillis,
    work: impl Future<Output = T> + Send,
) -> impl Future<Output = Result<T, DeadlineExceeded>> + Send {
    let remaining = system.now().until(deadline);
    with_end(system.sleep(remaining), work)
}

/// The same where nothing is lost by a step too many: work that is done at once is not timed, for
/// to set a timer is to wake the event loop.
pub(crate) async fn with_lazy_deadline<T>(
    system: &impl System,
    deadline: EpochMillis,
    work: impl Future<Output = T> + Send,
) -> Result<T, DeadlineExceeded> {
    let end = async { system.sleep(system.now().until(deadline)).await };
    match select(pin!(work), pin!(end)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(((), _)) => Err(DeadlineExceeded),
    }
}

/// The result of the work, unless the end comes first.
pub(crate) async fn with_end<T>(
    end: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Result<T, DeadlineExceeded> {
    match select(pin!(end), pin!(work)).await {
        Either::Left(((), _)) => Err(DeadlineExceeded),
        Either::Right((done, _)) => Ok(done),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;

    /// It is late once somebody says so.
    #[derive(Debug, Clone, Default)]
    struct Late(Arc<AtomicBool>);

    impl System for Late {
        fn now(&self) -> EpochMillis {
            EpochMillis::new(0)
        }

        fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send {
            let late = Arc::clone(&self.0);
            poll_fn(move |_| match late.load(Ordering::Relaxed) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
        }

        fn random(&self) -> u128 {
            0
        }
    }

    #[test]
    fn a_worker_that_was_held_up_past_its_deadline_does_nothing_more() {
        let system = Late::default();
        let mut steps = 0;
        let work = poll_fn(|cx| {
            steps += 1;
            // The answer it waits for and the end of its time come while it is held up.
            system.0.store(true, Ordering::Relaxed);
            cx.waker().wake_by_ref();
            if steps == 2 { Poll::Ready(()) } else { Poll::Pending }
        });
        let timed = with_deadline(&system, EpochMillis::new(1), work);
        let mut timed = Box::pin(timed);
        assert_eq!(timed.as_mut().now_or_never(), None);
        assert_eq!(timed.as_mut().now_or_never(), Some(Err(DeadlineExceeded)));
        drop(timed);
        assert_eq!(steps, 1);
    }

    #[test]
    fn work_that_ends_in_time_is_not_out_of_time() {
        let system = Late::default();
        let timed = with_deadline(&system, EpochMillis::new(1), ready(7));
        assert_eq!(timed.now_or_never(), Some(Ok(7)));
        let timed = with_lazy_deadline(&system, EpochMillis::new(1), ready(7));
        assert_eq!(timed.now_or_never(), Some(Ok(7)));
    }

    #[test]
    fn work_that_is_done_at_once_counts_however_late_it_is() {
        let system = Late::default();
        system.0.store(true, Ordering::Relaxed);
        let timed = with_lazy_deadline(&system, EpochMillis::new(1), ready(7));
        assert_eq!(timed.now_or_never(), Some(Ok(7)));
        let timed = with_lazy_deadline(&system, EpochMillis::new(1), pending::<()>());
        assert_eq!(timed.now_or_never(), Some(Err(DeadlineExceeded)));
    }
}
