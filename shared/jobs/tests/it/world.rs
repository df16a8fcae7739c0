//! Other people's APIs, as far as jobs see them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::Web;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use serde_json::Value;

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// It is answered with this status.
    Status(u16),
    /// It is asked to come back after that many seconds.
    Throttled(u64),
    /// It never is answered.
    Hangs,
    /// It takes effect, and the answer is lost.
    AnswerLost,
}

/// Other people's APIs: they answer by a script, and well when it is over. They know keys: what
/// was taken under one is not done again.
#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Turn>,
    body: Bytes,
    asked: Vec<Request<Bytes>>,
    taken: BTreeSet<String>,
}

impl World {
    pub(crate) fn going(script: impl IntoIterator<Item = Turn>) -> Self {
        let script = script.into_iter().collect();
        Self(Arc::new(Mutex::new(State { script, ..State::default() })))
    }

    /// Answers with this body.
    pub(crate) fn answering(self, body: &Value) -> Self {
        self.0.lock().expect("a lock").body = body.to_string().into();
        self
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Request<Bytes>> {
        self.0.lock().expect("a lock").asked.clone()
    }

    /// How many things were done under a key.
    pub(crate) fn taken(&self) -> usize {
        self.0.lock().expect("a lock").taken.len()
    }

    fn turn(&self, request: Request<Bytes>) -> (Turn, Bytes) {
        let mut state = self.0.lock().expect("a lock");
        let turn = state.script.pop_front().unwrap_or(Turn::Status(200));
        let key = request.headers().get("idempotency-key").cloned();
        if let (Turn::Status(200) | Turn::AnswerLost, Some(key)) = (turn, key) {
            state.taken.insert(key.to_str().expect("a key").to_owned());
        }
        state.asked.push(request);
        (turn, state.body.clone())
    }
}

#[async_trait]
impl Web for World {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError> {
        let (turn, body) = self.turn(request);
        let answer = Response::builder();
        let answer = match turn {
            Turn::Status(status) => answer.status(status),
            Turn::Throttled(seconds) => answer.status(429).header(RETRY_AFTER, seconds),
            Turn::Hangs => std::future::pending().await,
            Turn::AnswerLost => return Err(PortError::new("call", PortErrorKind::TimedOut)),
        };
        Ok(answer.body(body).expect("an answer"))
    }
}

/// A stack with these settings in this world.
pub(crate) fn stack(settings: &str, world: &World) -> Stack {
    on(Stack::with(registry(read(settings))), world)
}

/// The same with endpoints of its own.
pub(crate) fn serving(endpoints: &str, settings: &str, world: &World) -> Stack {
    on(Stack::serving(endpoints, registry(read(settings))), world)
}

fn on(mut stack: Stack, world: &World) -> Stack {
    stack.process.effects.web = Some(Arc::new(world.clone()));
    stack
}

pub(crate) fn read(settings: &str) -> Settings {
    toml::from_str(settings).expect("usable settings")
}

pub(crate) async fn accept(stack: &Stack, draft: &Draft) {
    assert_eq!(stack.post(draft).await.status(), StatusCode::OK);
}
