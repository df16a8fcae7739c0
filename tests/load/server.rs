//! A server as a process.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tokio::net::TcpStream;

/// The kernel's clock ticks in a second, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

const PATIENCE: Duration = Duration::from_secs(20);

/// It is asked to end when it is dropped, and its data is removed.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
    pub(crate) data: PathBuf,
    worked: Arc<AtomicUsize>,
    live: Arc<Mutex<Vec<String>>>,
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// An empty folder of this name.
pub(crate) fn empty(name: &str) -> PathBuf {
    let folder = crate::folder().join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

impl Server {
    /// Starts it and waits until it listens. Lines of its log that hold `settled` are counted, and
    /// those of the endpoint `live` kept.
    pub(crate) async fn start(
        mut command: Command,
        port: u16,
        data: PathBuf,
        settled: &'static str,
    ) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (worked, live) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (counted, kept) = (Arc::clone(&worked), Arc::clone(&live));
        let log = process.stderr.take().expect("piped");
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                counted.fetch_add(usize::from(line.contains(settled)), Ordering::Relaxed);
                if line.contains(" endpoint=live ") {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        let server = Self { process, port, data, worked, live };
        server.listens().await;
        server
    }

    async fn listens(&self) {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "port {} stays closed", self.port);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many runs it has said to be settled.
    pub(crate) fn worked(&self) -> usize {
        self.worked.load(Ordering::Relaxed)
    }

    /// What it has said of the endpoint `live`.
    pub(crate) fn said_of_live(&self) -> Vec<String> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The CPU time of all its threads, those that ended too.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("it runs");
        // After the name, which may hold anything: fields 14 and 15 of all.
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let times = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>());
        Duration::from_secs_f64(times.map(|ticks| ticks.expect("a number")).sum::<f64>() / TICKS)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The shell has a `kill` of its own; not every machine has a program of that name.
        let id = self.process.id().to_string();
        drop(Command::new("sh").args(["-c", "kill $0", &id]).status());
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE / 2 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.data));
    }
}
