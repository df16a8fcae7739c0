//! Requests that come when they come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::due::due;
use crate::latencies::Latencies;
use crate::webhooks::Webhooks;

/// How long a sender waits for an answer, and the run for the last of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) offered: usize,
    /// When each accepted request was due, since the start, and how long its sender waited.
    pub(crate) accepted: Vec<(Duration, Duration)>,
    /// Answers other than 2xx, and none at all.
    pub(crate) refused: usize,
    pub(crate) lost: usize,
}

impl Outcome {
    pub(crate) fn latencies(&self) -> Latencies {
        self.accepted.iter().map(|(_, waited)| *waited).collect()
    }

    /// How many were answered within the first so much.
    pub(crate) fn answered_by(&self, end: Duration) -> usize {
        self.accepted.iter().filter(|(due, waited)| *due + *waited <= end).count()
    }
}

/// Sends requests at this rate over so many connections. What finds no free connection waits for
/// one, at its own expense.
pub(crate) async fn send(
    webhooks: &Arc<Webhooks>,
    port: u16,
    times: Vec<Duration>,
    connections: usize,
) -> Outcome {
    let offered = times.len();
    let mut senders = Vec::new();
    for _ in 0..connections.min(offered) {
        senders.push(connect(port).await);
    }
    let (start, told) = due(times);
    let told = Arc::new(Mutex::new(told));
    let mut working = JoinSet::new();
    for sender in senders {
        working.spawn(keep_sending(sender, Arc::clone(webhooks), port, Arc::clone(&told), start));
    }
    let mut outcome = Outcome { offered, ..Outcome::default() };
    while let Some(part) = working.join_next().await {
        let part = part.expect("a sender does not panic");
        outcome.accepted.extend(part.accepted);
        outcome.refused += part.refused;
        outcome.lost += part.lost;
    }
    outcome
}

/// One request after the other over one connection: what a lone sender sees.
pub(crate) async fn one_by_one(webhooks: &Webhooks, port: u16, count: usize) -> Latencies {
    let mut sender = connect(port).await;
    let mut latencies = Vec::new();
    for _ in 0..count {
        let sent = Instant::now();
        let status = exchange(&mut sender, webhooks.next()).await.expect("an answer");
        assert!((200..300).contains(&status), "{status}");
        latencies.push(sent.elapsed());
    }
    latencies.into_iter().collect()
}

/// As many requests as are answered in that time, each connection busy all the time; how many
/// were accepted.
pub(crate) async fn all_busy(
    webhooks: &Arc<Webhooks>,
    port: u16,
    lasting: Duration,
    connections: usize,
) -> usize {
    let end = Instant::now() + lasting;
    let mut working = JoinSet::new();
    for _ in 0..connections {
        working.spawn(keep_busy(connect(port).await, Arc::clone(webhooks), port, end));
    }
    working.join_all().await.into_iter().sum()
}

async fn keep_busy(
    mut sender: SendRequest<Full<Bytes>>,
    webhooks: Arc<Webhooks>,
    port: u16,
    end: Instant,
) -> usize {
    let mut accepted = 0;
    while Instant::now() < end {
        match timeout(PATIENCE, exchange(&mut sender, webhooks.next())).await {
            Ok(Some(200..=299)) => accepted += 1,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => sender = connect(port).await,
        }
    }
    accepted
}

async fn keep_sending(
    mut sender: SendRequest<Full<Bytes>>,
    webhooks: Arc<Webhooks>,
    port: u16,
    told: Arc<Mutex<UnboundedReceiver<Instant>>>,
    start: Instant,
) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let Some(due) = told.lock().await.recv().await else {
            return outcome;
        };
        match timeout(PATIENCE, exchange(&mut sender, webhooks.next())).await {
            Ok(Some(200..=299)) => outcome.accepted.push((due - start, due.elapsed())),
            Ok(Some(_)) => outcome.refused += 1,
            Ok(None) | Err(_) => {
                outcome.lost += 1;
                sender = connect(port).await;
            }
        }
    }
}

async fn connect(port: u16) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    sender
}

/// The status, unless the connection breaks.
async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Option<u16> {
    sender.ready().await.ok()?;
    let response = sender.send_request(request).await.ok()?;
    let status = response.status().as_u16();
    response.into_body().collect().await.ok()?;
    Some(status)
}
