//! A plan by which calls through any adapters fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
pub use hookdock_pipeline::testing::Call;
use hookdock_pipeline::testing::{Answered, Intercepted, Interceptor, Invocation};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and has no effect.
    Fails,
    /// It never answers, and has no effect.
    Hangs,
    /// It takes effect and fails all the same: the answer was lost.
    FailsLate,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fails, Self::Hangs, Self::FailsLate];
}

/// Which call meets which fault, and what was called.
#[derive(Debug, Clone, Default)]
pub struct Plan(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    next: Option<Planned>,
    calls: Vec<Call>,
    struck: bool,
    slow: Option<(Call, Duration)>,
    every: Duration,
}

impl State {
    /// How long such a call takes.
    fn wait(&self, call: Call) -> Duration {
        self.slow.filter(|(slow, _)| *slow == call).map_or(self.every, |(_, wait)| wait)
    }
}

/// What is going to go wrong.
#[derive(Debug, Clone, Copy)]
struct Planned {
    call: Call,
    fault: Fault,
    /// How many such calls go well before.
    well: usize,
    /// How many then meet the fault.
    times: usize,
}

impl Plan {
    /// Lets the next such call meet the fault.
    pub fn strike(&self, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well: 0, times: 1 });
    }

    /// Lets such a call meet the fault after that many went well.
    pub fn strike_after(&self, well: usize, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well, times: 1 });
    }

    /// Lets that many such calls in a row meet the fault.
    pub fn strike_times(&self, times: usize, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well: 0, times });
    }

    /// Lets every such call take that long.
    pub fn slow_down(&self, call: Call, wait: Duration) {
        self.state().slow = Some((call, wait));
    }

    /// Lets every call take that long.
    pub fn slow_all_down(&self, wait: Duration) {
        self.state().every = wait;
    }

    fn plan(&self, planned: Planned) {
        let mut state = self.state();
        state.next = Some(planned);
        state.struck = false;
    }

    /// Whether all that was planned has happened.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.state().struck
    }

    /// What was called so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the plan")
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let mut state = self.state();
        state.calls.push(call);
        let planned = state.next.as_mut().filter(|planned| planned.call == call)?;
        if planned.well > 0 {
            planned.well -= 1;
            return None;
        }
        planned.times -= 1;
        let Planned { fault, times, .. } = *planned;
        if times == 0 {
            state.next = None;
            state.struck = true;
        }
        Some(fault)
    }
}

impl<P: ?Sized> Interceptor<P> for Plan {
    async fn around<T: Answered>(
        &self,
        invocation: Invocation,
        work: impl Future<Output = Result<T, PortError>> + Send + 'static,
    ) -> Result<T, PortError> {
        // Others get their turn at every call, as they do where calls take time.
        tokio::task::yield_now().await;
        let call = invocation.call();
        let wait = self.state().wait(call);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let lost = || PortError::new("make the planned call", PortErrorKind::Unavailable);
        match self.fault(call) {
            None => work.await,
            Some(Fault::Fails) => Err(lost()),
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::FailsLate) => {
                work.await?;
                Err(lost())
            }
        }
    }
}

/// Adapters whose calls go by a plan.
pub type Faulty<P> = Intercepted<P, Plan>;
