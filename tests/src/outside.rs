//! Who is called over HTTP: it keeps what it was sent, and answers as it is told to.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Web;
use http::{Request, Response};

/// Everybody else. A clone is another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct Outside(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    asked: Vec<Request<Bytes>>,
    /// `None`: 200.
    status: Option<u16>,
}

impl Outside {
    /// Answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.state().status = Some(status);
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Request<Bytes>> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the lock")
    }
}

#[async_trait]
impl Web for Outside {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError> {
        let mut state = self.state();
        state.asked.push(request);
        let answer = Response::builder().status(state.status.unwrap_or(200));
        Ok(answer.body(Bytes::from_static(b"an answer")).expect("a status"))
    }
}
