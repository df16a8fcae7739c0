//! Many ingest functions at once, each as Lambda runs it.

use std::path::PathBuf;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::Options;
use crate::arrivals::Outcome;
use crate::due::{due, times};
use crate::events::{Body, webhook};
use crate::function::Function;
use crate::ramp::{Step, carried, next};
use crate::stubs::Policy;

/// How many there may be at once: the account's concurrency.
const MOST: usize = 128;

/// What each call to AWS is made to take.
const LATENCY: Duration = Duration::from_millis(20);

/// What many of them took.
#[derive(Debug, Serialize)]
pub(crate) struct Functions {
    pub(crate) latency_ms: u128,
    pub(crate) most: usize,
    /// With all of them warm.
    pub(crate) steps: Vec<Step>,
    /// From nothing: the first requests wait for a start.
    pub(crate) burst: Step,
    pub(crate) started: usize,
}

/// Those that wait for an event, and how many more there may be.
struct Pool {
    idle: Mutex<Vec<Function>>,
    free: Semaphore,
    started: AtomicUsize,
    events: AtomicUsize,
    body: Vec<u8>,
    program: PathBuf,
    policy: Policy,
}

impl Functions {
    pub(crate) async fn measured(options: &Options) -> Self {
        let warm = Arc::new(Pool::of(options));
        warm.fill().await;
        let mut steps = Vec::new();
        while let Some(rate) = next(&steps, options) {
            steps.push(load(&warm, rate, options).await);
        }
        drop(warm);
        let pool = Arc::new(Pool::of(options));
        let burst = load(&pool, carried(&steps) * 0.8, options).await;
        let started = pool.started.load(Ordering::Relaxed);
        Self { latency_ms: LATENCY.as_millis(), most: MOST, steps, burst, started }
    }
}

async fn load(pool: &Arc<Pool>, rate: f64, options: &Options) -> Step {
    let times = times(rate, options.lasting());
    let mut outcome = Outcome { offered: times.len(), ..Outcome::default() };
    let (start, mut told) = due(times);
    let mut calls = JoinSet::new();
    while let Some(due) = told.recv().await {
        let pool = Arc::clone(pool);
        calls.spawn(async move {
            pool.call().await;
            (due.duration_since(start), due.elapsed())
        });
    }
    outcome.accepted = calls.join_all().await;
    let step = Step::of(rate, &outcome, options.lasting());
    eprintln!("functions: {step:?}");
    step
}

impl Pool {
    fn of(options: &Options) -> Self {
        Self {
            idle: Mutex::default(),
            free: Semaphore::new(MOST),
            started: AtomicUsize::default(),
            events: AtomicUsize::default(),
            body: Body::Text.of_size(options.bytes),
            program: options.ingest.clone(),
            policy: Policy::trusted(LATENCY),
        }
    }

    /// By one that is idle, else by a new one, else by the first that becomes idle. One that does
    /// not accept ends the run.
    async fn call(&self) {
        let _turn = self.free.acquire().await.expect("never closed");
        let idle = self.idle.lock().await.pop();
        let function = match idle {
            Some(function) => function,
            None => self.another().await,
        };
        self.accepted_by(function).await;
    }

    async fn another(&self) -> Function {
        self.started.fetch_add(1, Ordering::Relaxed);
        Function::start("ingest", from_ref(&self.program), &self.policy).await
    }

    async fn accepted_by(&self, mut function: Function) {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        function.accepts(&webhook(Body::Text, &self.body, number)).await;
        self.idle.lock().await.push(function);
    }

    /// Starts those that are still to be had, and warms each.
    async fn fill(&self) {
        while self.started.load(Ordering::Relaxed) < MOST {
            let function = self.another().await;
            self.accepted_by(function).await;
        }
    }
}
