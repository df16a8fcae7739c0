//! `hookdock dev`.

use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::Headers;
use hookdock_tests::requests::Draft;

use crate::support::{folder, hookdock, run};

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
            .args(["dev", "--listen", "127.0.0.1:0", "--endpoints"])
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

/// The signals that a process has a handler for, as a mask: number 1 is the lowest bit.
fn handled_signals(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
    u64::from_str_radix(mask.trim(), 16).expect("hexadecimal")
}

/// A file with one endpoint.
fn stripe_in(folder: &Path) -> PathBuf {
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.stripe]\nprovider = \"stripe\"\nsecrets = [\"whsec_test\"]\n";
    std::fs::write(&file, text).expect("written");
    file
}

#[tokio::test]
async fn dev_serves_the_whole_loop_and_loses_nothing_on_ctrl_c() {
    let folder = folder("dev");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));

    let dev = Dev::start(&endpoints, &data);
    dev.takes(20).await;
    let forged = Draft { secret: "guessed".to_owned(), ..Draft::checkout("evt_x", "cs_x") };
    assert_eq!(dev.post(&forged).await, 401);
    let oversize = Draft { body: vec![b'x'; 5_000_000].into(), ..Draft::checkout("e", "c") };
    assert_eq!(dev.post(&oversize).await, 413);
    assert_eq!(dev.interrupt(), Some(0));

    let dev = Dev::start(&endpoints, &data);
    SystemClock.sleep(Duration::from_millis(500)).await;
    assert_eq!(dev.interrupt(), Some(0));
    let local = hookdock_embedded::Embedded::on_disk(
        &data,
        SystemClock,
        hookdock_embedded::QueueSettings::default(),
    )
    .expect("the data is free again");
    assert_eq!(local.objects().expect("a database").len(), 20);
    assert_eq!(local.backlog().expect("a database"), 0);
    for event in local.events().expect("a database") {
        assert_eq!(local.runs(&event.event()).expect("a database")[0].state.name(), "done");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_logged_under_the_id_that_its_sender_gets() {
    let folder = folder("dev-large");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let url = format!("http://{}/webhooks/stripe/acme", dev.address);
    let post = reqwest::Client::new().post(url).body(vec![b'x'; 5_000_000]);
    let answer = post.send().await.expect("an answer");
    assert_eq!(answer.status(), 413);
    let id = answer.headers()["x-hookdock-delivery"].to_str().expect("text").to_owned();
    let said = dev.says(&id).await;
    let line = said.lines().find(|line| line.contains(&id)).expect("a line");
    for part in ["WARN", "delivery refused", "reason.code=\"too_large\"", "tenant=\"acme\""] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn dev_says_which_endpoints_have_no_job_and_which_jobs_no_endpoint() {
    let folder = folder("dev-unmatched");
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.code]\nprovider = \"github\"\nsecrets = [\"a secret\"]\n";
    std::fs::write(&file, text).expect("written");
    let dev = Dev::start(&file, &folder.join("data"));
    let said = dev.says("  data in ").await;
    for line in [
        "  no job runs for endpoint code: its events are stored, and that is all",
        "  job fulfil_order does not run: provider stripe has no endpoint in the file",
    ] {
        assert!(said.lines().any(|there| there == line), "{line:?} is not in\n{said}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn dev_does_not_start_with_a_secret_that_cannot_be_used() {
    let folder = folder("dev-secrets");
    let file = folder.join("endpoints.toml");
    let text = "[endpoints.a]\nprovider = \"svix\"\nsecrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\", \"\"]\n\
                [endpoints.b]\nprovider = \"svix\"\ntenants.acme.secrets = [\"whsec_hunter2!\"]\n";
    std::fs::write(&file, text).expect("written");
    let output =
        run(&["dev", "--listen", "127.0.0.1:0", "--endpoints", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(1));
    let said = crate::support::stderr(&output);
    for words in [
        "endpoint a: secrets, secret \"s2\" is empty",
        "endpoint b: tenant \"acme\", secret \"s1\" does not have the form of the provider's",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn dev_names_the_key_of_the_jobs_file_that_is_wrong_and_why() {
    let folder = folder("dev-jobs");
    let endpoints = stripe_in(&folder);
    let jobs = folder.join("jobs.toml");
    for (written, said) in [
        (
            "events = \"hunter2\"",
            "line 4: send_notification.a.events: a list is expected here, and a string is there",
        ),
        (
            "event = [\"x\"]",
            "line 4: send_notification.a.event: unknown field `event`, expected one of",
        ),
        ("events = hunter2", "line 4: "),
    ] {
        let text = format!(
            "version = 1\n[send_notification.a]\nendpoint = \"*\"\n{written}\nto = {{ topic = {{}} }}\n"
        );
        std::fs::write(&jobs, text).expect("written");
        let files = [&endpoints, &jobs].map(|file| file.to_str().expect("a path").to_owned());
        let output =
            run(&["dev", "--listen", "127.0.0.1:0", "--endpoints", &files[0], "--jobs", &files[1]]);
        assert_eq!(output.status.code(), Some(1));
        let told = crate::support::stderr(&output);
        assert!(told.contains(said), "{said:?} is not in {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn what_dev_has_answered_survives_its_death() {
    let folder = folder("dev-death");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let dev = Dev::start(&endpoints, &data);
    dev.takes(20).await;
    // Killed, and not asked: whatever it had not written yet is gone.
    drop(dev);

    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    assert_eq!(local.objects().expect("a database").len(), 20);
    // Each is still in the queue, or has been worked on.
    let worked_on = local.events().expect("a database").len() as u64;
    assert!(local.backlog().expect("a database") + worked_on >= 20);
    std::fs::remove_dir_all(folder).expect("removed");
}

/// The headers that `hookdock dev` stores of a request with these header lines.
fn stored_headers(test: &str, lines: &[u8]) -> Headers {
    let folder = folder(test);
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let dev = Dev::start(&endpoints, &data);
    let id = dev.post_lines(lines);
    assert_eq!(dev.interrupt(), Some(0));
    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    let (_, object) = local.stored(&id).expect("a database").expect("stored");
    std::fs::remove_dir_all(folder).expect("removed");
    StoredDelivery::parse(&object).expect("readable").headers()
}

#[test]
fn dev_keeps_the_values_of_a_repeated_header_apart_and_in_order_and_its_name_in_lower_case() {
    let headers = stored_headers("dev-headers", b"X-A: 1\r\nx-b: 2\r\nX-a: 3\r\n");
    let of =
        |name: &str| -> Vec<_> { headers.iter().filter(|(there, _)| *there == name).collect() };
    assert_eq!(of("x-a"), [("x-a", "1"), ("x-a", "3")]);
    assert_eq!(of("x-b"), [("x-b", "2")]);
    let lower = |(name, _): (&str, &str)| name == name.to_ascii_lowercase();
    assert!(headers.iter().all(lower), "{headers:?}");
}

#[test]
fn dev_reads_a_header_that_is_not_utf_8_as_latin_1() {
    let headers = stored_headers("dev-latin", b"X-A: caf\xe9\r\nX-B: caf\xc3\xa9\r\n");
    assert_eq!(headers.single("X-A"), Ok(Some("caf\u{e9}")));
    assert_eq!(headers.single("X-B"), Ok(Some("caf\u{e9}")));
}

#[test]
fn dev_can_be_stopped_as_soon_as_it_says_that_it_listens() {
    const INTERRUPT: u64 = 1 << 1;
    const TERMINATE: u64 = 1 << 14;
    let folder = folder("dev-signals");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let handled = handled_signals(dev.child.id());
    assert_eq!(handled & (INTERRUPT | TERMINATE), INTERRUPT | TERMINATE, "{handled:x}");
    assert_eq!(dev.interrupt(), Some(0));
    std::fs::remove_dir_all(folder).expect("removed");
}

/// A sender that sends this many bytes of a large body, and then waits.
fn stalled(dev: &Dev, path: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(&dev.address).expect("it listens");
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4499999\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    // It may be cut off before it is done.
    drop(stream.write_all(&vec![b'x'; bytes]));
    stream
}

/// Whether the other side neither says anything nor ends the connection within this time.
fn is_silent(stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).expect("a time limit");
    let peeked = stream.peek(&mut [0]);
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// The most memory that a process has had, in bytes.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes = peak.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kilobytes * 1024
}

#[test]
fn a_sender_that_stalls_where_there_is_no_endpoint_is_answered_before_its_body() {
    let folder = folder("dev-stalled");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    for path in ["/nothing", "/webhooks/nobody", "/webhooks/nobody/acme"] {
        let stream = stalled(&dev, path, 1000);
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let answer = BufReader::new(&stream).lines().next().expect("an answer").expect("UTF-8");
        assert_eq!(answer, "HTTP/1.1 404 Not Found", "{path}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn the_bodies_of_all_senders_together_have_a_limit() {
    const ROOM: usize = 32 << 20;
    const BODY: usize = 4_400_000;
    let folder = folder("dev-room");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let before = most_memory(dev.child.id());
    let senders: Vec<_> = (0..40).map(|_| stalled(&dev, "/webhooks/stripe", BODY)).collect();
    let waiting = || senders.iter().filter(|sender| is_silent(sender, Duration::from_millis(10)));
    let end = SystemClock.now().plus(Duration::from_secs(8));
    while waiting().count() > ROOM / BODY && SystemClock.now() < end {}
    assert!(waiting().count() <= ROOM / BODY, "all others are answered 503 or cut off");
    let held = most_memory(dev.child.id()) - before;
    assert!(held < 3 * ROOM, "{held} bytes");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed_and_keep_nobody_out() {
    let folder = folder("dev-idle");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let idle: Vec<_> =
        (0..300).map(|_| TcpStream::connect(&dev.address).expect("it listens")).collect();
    assert_eq!(dev.post(&Draft::checkout("evt_1", "cs_1")).await, 200);
    assert!(!is_silent(&idle[0], Duration::from_secs(20)), "it is closed");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn only_its_owner_can_read_what_dev_keeps() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("dev-private");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let modes = || {
        [data.clone(), data.join("hookdock.redb")]
            .map(|path| std::fs::metadata(path).expect("made").permissions().mode() & 0o777)
    };
    drop(Dev::start(&endpoints, &data));
    assert_eq!(modes(), [0o700, 0o600]);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(data.join("hookdock.redb"), open).expect("its owner");
    drop(Dev::start(&endpoints, &data));
    assert_eq!(modes(), [0o700, 0o600], "a file that others could read is closed to them");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_wrong_endpoints_file_is_explained() {
    let folder = folder("wrong");
    let file = folder.join("endpoints.toml");
    for (text, explained) in [
        (None, "failed to read"),
        (Some("[endpoints.A]\n"), "line 1"),
        (
            Some("[endpoints.a]\nprovider = \"nobody\"\nsecrets = [\"y\"]\n"),
            "provider \"nobody\" is not in",
        ),
        (
            Some("[endpoints.a]\nprovider = \"gihtub\"\nsecrets = [\"y\"]\n"),
            "provider \"gihtub\" is not in the catalogue; did you mean github?",
        ),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).expect("written");
        }
        let output = run(&["dev", "--endpoints", file.to_str().expect("UTF-8")]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains(explained), "{explained} in {said}");
        let next = "`hookdock dev --help` shows a small file";
        assert!(said.trim_end().lines().last().is_some_and(|last| last.contains(next)), "{said}");
        assert!(said.contains("infra/endpoints.example.toml"), "what next, in {said}");
        assert_eq!(output.status.code(), Some(1));
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_wrong_jobs_file_is_explained_by_its_line_and_not_quoted() {
    let folder = folder("wrong-jobs");
    let (endpoints, jobs) = (stripe_in(&folder), folder.join("jobs.toml"));
    for (text, explained) in [
        (None, "failed to read"),
        (Some("version = 1\n[sync_customer]\ncrm = \"hunter2\"\n"), "line 3"),
        (Some("version = 1\n[fulfill_order]\nseller = \"hunter2\"\n"), "line 2"),
    ] {
        if let Some(text) = text {
            std::fs::write(&jobs, text).expect("written");
        }
        let output = run(&[
            "dev",
            "--endpoints",
            endpoints.to_str().expect("UTF-8"),
            "--jobs",
            jobs.to_str().expect("UTF-8"),
        ]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains(explained), "{explained} in {said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_job_that_would_never_run_is_refused_before_anything_is_served() {
    let folder = folder("direct-job");
    let (endpoints, jobs) = (folder.join("endpoints.toml"), folder.join("jobs.toml"));
    let text = "[endpoints.pushes]\nprovider = 'github'\nsecrets = ['x']\n\
        direct = { kind = 'log' }\n";
    std::fs::write(&endpoints, text).expect("written");
    let told = "version = 1\n[send_notification.all]\nendpoint = \"push*\"\n\
        to = { slack = \"https://hooks.example/x\" }\n";
    std::fs::write(&jobs, told).expect("written");
    let output = run(&[
        "dev",
        "--endpoints",
        endpoints.to_str().expect("UTF-8"),
        "--jobs",
        jobs.to_str().expect("UTF-8"),
    ]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let words = "endpoint pushes is direct, and job send_notification_all would never run for it";
    assert!(said.contains(words), "{said}");
    assert_eq!(output.status.code(), Some(1));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn dev_records_a_direct_event_once_and_queues_nothing() {
    let folder = folder("direct");
    let (endpoints, data) = (folder.join("endpoints.toml"), folder.join("data"));
    let text = "[endpoints.direct]\nprovider = 'github'\nsecrets = ['github secret']\n\
        direct = { kind = 'log' }\n";
    std::fs::write(&endpoints, text).expect("written");
    let dev = Dev::start(&endpoints, &data);
    let push = Draft { path: "/webhooks/direct".to_owned(), ..Draft::github("{}") };
    assert_eq!((dev.post(&push).await, dev.post(&push).await), (200, 200));
    assert_eq!(dev.interrupt(), Some(0));
    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    let names = local.objects().expect("a database");
    assert_eq!(local.backlog().expect("a database"), 0);
    drop(local);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    let key = name.strip_prefix("direct/direct/").and_then(|name| name.strip_suffix(".json"));
    let event = format!("direct/{}", key.expect("named after its event"));
    let output = run(&["inspect", &event, "--data", data.to_str().expect("UTF-8")]);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.starts_with("direct  an event of a direct endpoint\n"), "{said}");
    assert!(said.contains("The work (log) was done when it came or not at all"), "{said}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn dev_answers_handshakes_with_the_method_they_come_with() {
    let folder = folder("handshakes");
    let endpoints = folder.join("endpoints.toml");
    let text = "[endpoints.dropbox]\nprovider = 'dropbox'\nsecrets = ['s']\n\
        [endpoints.trello]\nprovider = 'trello'\nsecrets = ['s']\n\
        [endpoints.asana]\nprovider = 'asana'\ncapture = true\n";
    std::fs::write(&endpoints, text).expect("written");
    let data = folder.join("data");
    let dev = Dev::start(&endpoints, &data);
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}/webhooks/{path}", dev.address);

    let echoed = client.get(url("dropbox?challenge=a%20b")).send().await.expect("an answer");
    assert_eq!(echoed.headers()["content-type"], "text/plain");
    assert_eq!(echoed.text().await.expect("a body"), "a b");
    let probed = client.head(url("trello")).send().await.expect("an answer");
    assert_eq!(probed.status(), 200);
    let refused = client.get(url("trello")).send().await.expect("an answer");
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &"HEAD, POST".parse().expect("a value"))
    );

    let secret = "b537207f20cbfa02357cf448134da559";
    let hand_over =
        |secret: &'static str| client.post(url("asana")).header("X-Hook-Secret", secret).send();
    let taken = hand_over(secret).await.expect("an answer");
    assert_eq!(taken.headers()["x-hook-secret"], secret);
    assert_eq!(dev.interrupt(), Some(0));

    let dev = Dev::start(&endpoints, &data);
    let url = format!("http://{}/webhooks/asana", dev.address);
    let other = client.post(url).header("X-Hook-Secret", "000000000000000000000000deadbeef");
    let other = other.send().await.expect("an answer");
    assert_eq!(other.status(), 401, "the first one is kept over a restart");
}
