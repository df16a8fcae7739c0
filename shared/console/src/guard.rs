//! Who may ask: programs of this machine that know the token, under a name of this machine.
//!
//! A page of another site can reach a port of this machine too, under a name of its own that leads
//! here; so the name is checked before anything else, and nothing is ever said to other origins.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use hookdock_operate::{Code, Trouble};
use http::header;
use subtle::ConstantTimeEq as _;

use crate::answer::finished;
use crate::problem::Problem;

/// What a request has to show.
#[derive(Clone)]
pub struct Guard {
    port: u16,
    token: Arc<str>,
}

impl std::fmt::Debug for Guard {
    /// The token stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard of a server that listens on this port, for those who have the token.
    #[must_use]
    pub fn new(port: u16, token: &str) -> Self {
        Self { port, token: token.into() }
    }

    fn check(&self, request: &Request) -> Result<(), Trouble> {
        let refuse = |code, why: &str| Err(Trouble::new(code, "the request was refused", why));
        let header = |name| {
            request.headers().get(name).and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let host = header(header::HOST).unwrap_or_default();
        let port = self.port;
        let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        if !own.iter().any(|own| own == host) {
            return refuse(Code::BadHost, "this server answers to names of this machine only");
        }
        if let Some(origin) = header(header::ORIGIN)
            && origin != format!("http://{host}")
        {
            return refuse(Code::BadOrigin, "it comes from a page of another site");
        }
        let given = header(header::AUTHORIZATION).and_then(|given| given.strip_prefix("Bearer "));
        match given.unwrap_or_default().as_bytes().ct_eq(self.token.as_bytes()).into() {
            true => Ok(()),
            false => refuse(Code::NoSession, "it has no token, or another one; dev.json has it"),
        }
    }
}

/// The API behind a guard.
pub fn guarded(api: Router, guard: Guard) -> Router {
    api.layer(from_fn_with_state(guard, check))
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(trouble) => {
            tracing::warn!(reason.code = ?trouble.code, "a request to the API was refused");
            finished(Problem::from(trouble).into_response())
        }
    }
}
