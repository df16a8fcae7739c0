//! A `hookdock dev` that runs, and commands beside it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;

use crate::support::{folder, hookdock, json, stdout};

/// A `hookdock dev` with an API on a free port.
pub(crate) struct Dev {
    child: Child,
    pub(crate) folder: PathBuf,
    pub(crate) webhooks: String,
    said: Arc<Mutex<String>>,
}

impl Dev {
    pub(crate) fn start(name: &str, more: &[&str]) -> Self {
        Self::serving(name, &endpoint("stripe", "stripe", "whsec_test"), more)
    }

    /// One with these endpoints.
    pub(crate) fn serving(name: &str, text: &str, more: &[&str]) -> Self {
        let folder = folder(name);
        let endpoints = folder.join("endpoints.toml");
        std::fs::write(&endpoints, text).expect("written");
        let mut child = hookdock()
            .args(["dev", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--endpoints"])
            .arg(&endpoints)
            .arg("--runtime-dir")
            .arg(&folder)
            .args(if more.contains(&"-o") { &[][..] } else { &["-o", "text"] })
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cargo built it");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        let address = first.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let webhooks = address.expect("an address").trim_end_matches('.').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        let said = Arc::<Mutex<String>>::default();
        let (to, stdout) = (Arc::clone(&said), BufReader::new(child.stdout.take().expect("piped")));
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                to.lock().expect("no test panics while it reads").extend([&line, "\n"]);
            }
        });
        Self { child, folder, webhooks, said }
    }

    /// What it has written to standard output, as soon as this is in it.
    pub(crate) async fn says(&self, words: &str) -> String {
        for _ in 0..200 {
            let said = self.said.lock().expect("no test panics while it reads").clone();
            if said.contains(words) {
                return said;
            }
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        panic!("{words:?} is not in\n{}", self.said.lock().expect("a lock"))
    }

    /// One that has had three events, each of them dead.
    pub(crate) async fn with_three_dead(name: &str, more: &[&str]) -> Self {
        let dev = Self::start(name, more);
        for id in ["evt_1", "evt_2", "evt_3"] {
            dev.post(&checkout(id)).await;
        }
        dev.settled(3).await;
        dev
    }

    pub(crate) async fn post(&self, body: &str) {
        let draft = Draft::stripe("stripe", "whsec_test", body);
        let request = draft.signed(SystemClock.now());
        let url = format!("http://{}{}", self.webhooks, draft.path);
        let mut post = reqwest::Client::new().post(url).body(draft.body.clone());
        for (name, value) in request.headers.iter() {
            post = post.header(name, value);
        }
        assert_eq!(post.send().await.expect("an answer").status().as_u16(), 200);
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = hookdock();
        command.args(arguments).arg("--runtime-dir").arg(&self.folder).env_remove("HOOKDOCK_TABLE");
        command.output().expect("it runs")
    }

    /// Waits until all events have ended.
    pub(crate) async fn settled(&self, events: usize) {
        for _ in 0..200 {
            let listed = json(&self.run(&["list", "-o", "json"]));
            let items = listed["items"].as_array().expect("items");
            let ended = items.iter().filter(|event| event["state"] == "dead");
            if ended.count() == events {
                return;
            }
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
        panic!("they do not end: {}", stdout(&self.run(&["list"])));
    }

    pub(crate) fn interrupt(&mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -INT $0", &id]).status().expect("a shell");
        assert!(sent.success());
        assert_eq!(self.child.wait().expect("an exit code").code(), Some(0));
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.join("hookdock")).into_iter().flatten();
        files.map(|file| file.expect("a file").path()).collect()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A checkout that the job cannot read, so that it is dead at once.
pub(crate) fn checkout(id: &str) -> String {
    format!(r#"{{"id":"{id}","type":"checkout.session.completed","client_secret":"hush"}}"#)
}

/// An endpoint, as the file has it.
pub(crate) fn endpoint(name: &str, provider: &str, secret: &str) -> String {
    format!("[endpoints.{name}]\nprovider = \"{provider}\"\nsecrets = [\"{secret}\"]\n")
}
