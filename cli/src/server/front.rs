//! Connections, and what they may take of this machine.
//!
//! Anybody who reaches the port can open them and stall, so that each limit holds before anything
//! is known of a sender. API Gateway has limits of its own in front of the functions.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::body::Room;
use crate::server::refusals::Refusals;
use crate::server::request::respond;
use crate::server::stop::{LAST_WORK_TIME, stopped};
use crate::server::types::LocalIngest;

/// How many connections are open at a time. More wait with the operating system.
const CONNECTIONS: usize = 256;

/// How long the head of a request may take; an idle connection is closed after it, too.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How large the head of a request may be, in bytes; hyper's default is six times as much.
const HEAD_BYTES: usize = 64 << 10;

/// How long a connection is used before it is asked to end: a sender that never reads its answers
/// must not keep it.
const CONNECTION_TIME: Duration = Duration::from_secs(60);

/// How long a connection that was asked to end may take for its last request.
const LAST_REQUEST_TIME: Duration = Duration::from_secs(15);

/// What answers requests.
#[derive(Debug, Clone)]
pub(super) struct Front {
    ingest: Arc<LocalIngest>,
    room: Room,
    refusals: Arc<Refusals>,
}

impl Front {
    pub(super) fn of(ingest: Arc<LocalIngest>, refusals: Arc<Refusals>) -> Self {
        Self { ingest, room: Room::default(), refusals }
    }

    /// Takes connections until asked to stop; then gives the requests under way a little time.
    pub(super) async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut open = JoinSet::new();
        while !*stop.borrow() {
            tokio::select! {
                (stream, sender) = accept(&listener), if open.len() < CONNECTIONS => {
                    open.spawn(self.clone().converse(stream, sender, stop.clone()));
                }
                Some(_) = open.join_next() => {}
                () = stopped(&mut stop) => {}
            }
        }
        drop(listener);
        let last = async { while open.join_next().await.is_some() {} };
        if timeout(LAST_WORK_TIME, last).await.is_err() {
            tracing::warn!("connections were cut off in the middle of a request");
        }
    }

    /// How it ends is the sender's affair: what was accepted is durable.
    async fn converse(
        self,
        stream: TcpStream,
        sender: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let Self { ingest, room, refusals } = &self;
        let service = service_fn(|request: Request<Incoming>| async move {
            Ok::<_, Infallible>(respond(ingest, room, refusals, sender, request).await)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_BYTES);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = sleep(CONNECTION_TIME) => {}
            () = stopped(&mut stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        drop(timeout(LAST_REQUEST_TIME, connection).await);
    }
}

/// The next connection. Where there are no more file descriptors, others have to end first.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
