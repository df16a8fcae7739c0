//! One thread, many tasks: the seed picks which goes next, and time jumps when none can.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;

use crate::rules::CLOCKS_APART;
use crate::stack::START;

type TaskId = u64;

/// What becomes of a task that could go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fortune {
    /// It goes on.
    Lives,
    /// Its process dies: it is dropped where it waits.
    Dies,
    /// Its process is held up that long.
    Stalls(Duration),
}

/// The handle by which everything in a simulation shares time, chance and tasks.
#[derive(Clone)]
pub(crate) struct Universe(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    ready: Arc<Mutex<Vec<TaskId>>>,
}

struct State {
    now: EpochMillis,
    chance: fastrand::Rng,
    tasks: BTreeMap<TaskId, Task>,
    /// (When, a number that keeps equal times apart) -> who waits.
    timers: BTreeMap<(EpochMillis, u64), Waker>,
    last_number: u64,
}

struct Task {
    work: BoxFuture<'static, ()>,
    mortal: bool,
    stalled_until: EpochMillis,
}

struct Wakeup {
    task: TaskId,
    ready: Arc<Mutex<Vec<TaskId>>>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        let mut ready = locked(&self.ready);
        if !ready.contains(&self.task) {
            ready.push(self.task);
        }
    }
}

impl Universe {
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            now: START,
            chance: fastrand::Rng::with_seed(seed),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            last_number: 0,
        };
        Self(Arc::new(Inner { state: Mutex::new(state), ready: Arc::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0.state)
    }

    /// The true time.
    pub(crate) fn now(&self) -> EpochMillis {
        self.state().now
    }

    /// A number below that bound.
    pub(crate) fn below(&self, bound: usize) -> usize {
        self.state().chance.usize(..bound.max(1))
    }

    /// Whether something happens that happens so many times in a thousand.
    pub(crate) fn happens(&self, per_mille: u32) -> bool {
        self.state().chance.u32(..1000) < per_mille
    }

    /// A time between the two.
    pub(crate) fn between(&self, least: Duration, most: Duration) -> Duration {
        let width = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
        least + Duration::from_millis(self.state().chance.u64(..=width))
    }

    /// By how much a clock is off, so that no two are further apart than they may be.
    pub(crate) fn clock_error_ms(&self) -> i64 {
        let half = i64::try_from(CLOCKS_APART.as_millis() / 2).expect("seconds");
        self.state().chance.i64(-half..=half)
    }

    /// Starts a task that always runs to its end.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.add(Box::pin(work), false);
    }

    /// Starts a task whose process can die or stall wherever it waits.
    pub(crate) fn spawn_mortal(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.add(Box::pin(work), true);
    }

    fn add(&self, work: BoxFuture<'static, ()>, mortal: bool) {
        let mut state = self.state();
        let id = state.number();
        let stalled_until = state.now;
        state.tasks.insert(id, Task { work, mortal, stalled_until });
        locked(&self.0.ready).push(id);
    }

    /// Lets one task go on that can. `false`: none can before the time of the next timer.
    pub(crate) fn step(&self, fortune: impl FnOnce() -> Fortune) -> bool {
        let Some((id, mut task)) = self.pick() else {
            return false;
        };
        match if task.mortal { fortune() } else { Fortune::Lives } {
            Fortune::Dies => drop(task),
            Fortune::Stalls(time) => self.stall(id, task, time),
            Fortune::Lives => {
                let waker = self.waker(id);
                if task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                    self.state().tasks.insert(id, task);
                }
            }
        }
        true
    }

    /// A task that is ready, by chance. It is taken out, so that nothing is locked while it runs.
    fn pick(&self) -> Option<(TaskId, Task)> {
        let mut state = self.state();
        let mut ready = locked(&self.0.ready);
        while !ready.is_empty() {
            let place = state.chance.usize(..ready.len());
            let id = ready.swap_remove(place);
            let now = state.now;
            match state.tasks.remove(&id) {
                Some(task) if task.stalled_until > now => {
                    // The timer that ends the stall wakes it.
                    state.tasks.insert(id, task);
                }
                Some(task) => return Some((id, task)),
                None => {}
            }
        }
        None
    }

    fn stall(&self, id: TaskId, mut task: Task, time: Duration) {
        let waker = self.waker(id);
        let mut state = self.state();
        task.stalled_until = state.now.plus(time);
        let key = (task.stalled_until, state.number());
        state.timers.insert(key, waker);
        state.tasks.insert(id, task);
    }

    fn waker(&self, task: TaskId) -> Waker {
        Arc::new(Wakeup { task, ready: Arc::clone(&self.0.ready) }).into()
    }

    /// When the next timer rings.
    pub(crate) fn next_timer(&self) -> Option<EpochMillis> {
        self.state().timers.first_key_value().map(|((time, _), _)| *time)
    }

    /// Moves time on and rings what is due.
    pub(crate) fn advance_to(&self, time: EpochMillis) {
        let due = {
            let mut state = self.state();
            state.now = state.now.max(time);
            let later = (state.now.saturating_add(1), 0);
            let later = state.timers.split_off(&later);
            std::mem::replace(&mut state.timers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Waits that long.
    pub(crate) fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send + 'static {
        Sleep { universe: self.clone(), until: self.now().plus(wait), timer: None }
    }

    /// A clock that is off by that many milliseconds.
    pub(crate) fn clock(&self, off_by_ms: i64) -> Clock {
        Clock { universe: self.clone(), off_by_ms }
    }

    /// Drops every task, and with them the handles they have on this universe.
    pub(crate) fn end(&self) {
        let tasks = std::mem::take(&mut self.state().tasks);
        drop(tasks);
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

impl fmt::Debug for Universe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Universe").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The clock of one machine, and chance.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    universe: Universe,
    off_by_ms: i64,
}

impl System for Clock {
    fn now(&self) -> EpochMillis {
        self.universe.now().saturating_add(self.off_by_ms)
    }

    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send {
        self.universe.sleep(wait)
    }

    fn random(&self) -> u128 {
        self.universe.state().chance.u128(..)
    }
}

/// A timer that is forgotten with its future.
struct Sleep {
    universe: Universe,
    until: EpochMillis,
    timer: Option<(EpochMillis, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let universe = self.universe.clone();
        let mut state = universe.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let key = match self.timer {
            Some(key) => key,
            None => (self.until, state.number()),
        };
        self.timer = Some(key);
        state.timers.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.timer {
            self.universe.state().timers.remove(&key);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("one thread, and no panic while it holds the lock")
}
