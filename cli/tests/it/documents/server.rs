//! `hookdock dev`, as a page starts it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::support::hookdock;

/// How long a line may take: far longer than it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// `hookdock dev` on a free port. Stopped when dropped, also by a failing test.
pub(super) struct Server {
    child: Child,
    said: Receiver<String>,
    address: String,
}

impl Server {
    /// Starts it, and returns the first lines that it says, at least one.
    pub(super) fn start(folder: &Path, arguments: &[String], lines: usize) -> (Self, Vec<String>) {
        let mut command = hookdock();
        command
            .args(arguments)
            .args(["-v", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .env("XDG_RUNTIME_DIR", folder);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("cargo built it");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (sender, said) = channel();
        std::thread::spawn(move || {
            // Read to its end, or the tool could not write to it any more.
            for line in stderr.lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let mut server = Self { child, said, address: String::new() };
        let first: Vec<String> = (0..lines.max(1)).map(|_| server.line()).collect();
        let address = first[0].split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("no address in {first:?}"));
        server.address = address.trim_end_matches('.').to_owned();
        (server, first)
    }

    /// Sends a request that `hookdock sign --json` has made, and waits for the end of its job.
    pub(super) fn takes(&self, request: &Value) {
        let url = request["url"].as_str().expect("a URL");
        let url = url.replace("127.0.0.1:9000", &self.address);
        let mut post = reqwest::Client::new().post(url);
        for header in request["headers"].as_array().expect("headers") {
            let [name, value] = [0, 1].map(|at| header[at].as_str().expect("text"));
            post = post.header(name, value);
        }
        let post = post.body(request["body"].as_str().expect("text").to_owned());
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let answer = runtime.block_on(post.send()).expect("an answer");
        assert_eq!(answer.status(), 200);
        while !self.line().contains("run settled") {}
    }

    /// Stops it as Ctrl-C does.
    pub(super) fn stop(mut self) {
        let id = self.child.id().to_string();
        // The shell has a `kill` of its own; not every machine has a program of that name.
        let sent = Command::new("sh").args(["-c", "kill -INT $0", &id]).status().expect("a shell");
        assert!(sent.success());
        assert!(self.child.wait().expect("an exit code").success());
    }

    fn line(&self) -> String {
        self.said.recv_timeout(PATIENCE).expect("the server says more")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
