//! `hookdock dev`.

mod files;
mod headers;
mod limits;
mod serving;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;

use crate::support::hookdock;

/// `hookdock dev` on a free port. Stopped when dropped, also by a failing test.
struct Dev {
    child: Child,
    address: String,
    said: Arc<Mutex<String>>,
}

impl Dev {
    fn start(endpoints: &Path, data: &Path) -> Self {
        let started = SystemClock.now();
        let mut child = hookdock()
            .args(["dev", "-v", "--listen", "127.0.0.1:0", "--endpoints"])
            .arg(endpoints)
            .arg("--data")
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .expect("cargo built it");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        let took = started.until(SystemClock.now());
        assert!(took < Duration::from_secs(1), "it listens after {took:?}");
        // The pipe stays open, or the tool could not write to it any more.
        let said = Arc::<Mutex<String>>::default();
        let to = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut said = to.lock().expect("no test panics while it reads");
                said.extend([&line, "\n"]);
            }
        });
        let address = first.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("no address in {first:?}"));
        Self { child, address: address.trim_end_matches('.').to_owned(), said }
    }

    /// What it has said since it began to listen, as soon as this is in it.
    async fn says(&self, words: &str) -> String {
        for _ in 0..100 {
            let said = self.said.lock().expect("no test panics while it reads").clone();
            if said.contains(words) {
                return said;
            }
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        panic!("{words:?} is not in\n{}", self.said.lock().expect("a lock"))
    }

    async fn post(&self, draft: &Draft) -> u16 {
        let request = draft.signed(SystemClock.now());
        let url = format!("http://{}{}", self.address, draft.path);
        let mut post = reqwest::Client::new().post(url).body(draft.body.clone());
        for (name, value) in request.headers.iter() {
            post = post.header(name, value);
        }
        post.send().await.expect("an answer").status().as_u16()
    }

    /// Posts a signed checkout with these header lines before the others, byte for byte; the id of
    /// the delivery.
    fn post_lines(&self, lines: &[u8]) -> DeliveryId {
        let signed = Draft::checkout("evt_1", "cs_1").signed(SystemClock.now());
        let (path, length) = (&signed.path, signed.body.len());
        let mut request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
        request.extend_from_slice(lines);
        for (name, value) in signed.headers.iter() {
            request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let end = format!("Content-Length: {length}\r\nConnection: close\r\n\r\n");
        request.extend_from_slice(end.as_bytes());
        request.extend_from_slice(&signed.body);
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.write_all(&request).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let id = answer.lines().find_map(|line| line.strip_prefix("x-hookdock-delivery: "));
        id.unwrap_or_else(|| panic!("no delivery in {answer}")).parse().expect("an id")
    }

    async fn takes(&self, webhooks: usize) {
        for number in 0..webhooks {
            let draft = Draft::checkout(&format!("evt_{number}"), &format!("cs_{number}"));
            assert_eq!(self.post(&draft).await, 200);
        }
    }

    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        // The shell has a `kill` of its own; not every machine has a program of that name.
        let sent = Command::new("sh").args(["-c", "kill -INT $0", &id]).status().expect("a shell");
        assert!(sent.success());
        self.child.wait().expect("an exit code").code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A file with one endpoint.
fn stripe_in(folder: &Path) -> PathBuf {
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.stripe]\nprovider = \"stripe\"\nsecrets = [\"whsec_test\"]\n";
    std::fs::write(&file, text).expect("written");
    file
}
