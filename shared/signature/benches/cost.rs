//! What verification and the catalogue cost, held to limits.
//!
//! ```console
//! $ cargo bench -p hookdock-signature --bench cost
//! ```
//!
//! Callgrind counts instructions, which are the same on any day and beside any load. This program
//! runs itself under it, with one round and with more; the difference is what a round costs.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign, verify};
use sha2::Sha256;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PROVIDERS: [&str; 3] = ["github", "stripe", "standard-webhooks"];
const SIZES: [(&str, usize); 3] = [("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];
const MORE_ROUNDS: u64 = 4;
const STARTS: usize = 21;

/// What verification may cost over the bare HMAC, from 64 KiB on.
const MAX_PERCENT: u64 = 10;
/// The same for any size. Callgrind's processor has no instructions for SHA; where there are some,
/// the HMAC costs a tenth, and this is still less than ten percent of it.
const MAX_MORE: u64 = 15_000;
/// Finding a definition and parsing it.
const MAX_FIND: u64 = 300_000;
/// The same, once in a new process, in microseconds.
const MAX_FIRST_FIND: u64 = 1_000;

/// Good as text and as base64.
const SECRET: &str = "c2VjcmV0IG9mIGZvcnR5IGNoYXJhY3RlcnMgbG9uZw==";
const NOW: EpochMillis = EpochMillis::new(1_795_302_439_000);

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["hmac", size, rounds] => hmac(size.parse()?, rounds.parse()?)?,
        ["verify", id, size, rounds] => verified(id, size.parse()?, rounds.parse()?)?,
        ["find", id, rounds] => find(id, rounds.parse()?),
        ["first", id] => println!("{}", first_find(id)),
        _ => return report(),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints all figures before it fails.
fn report() -> Result<ExitCode> {
    let mut limits = Limits::default();
    println!("instructions");
    for (name, size) in SIZES {
        let bare = cost(&["hmac", &size.to_string()])?;
        println!("  HMAC-SHA256 of {name:<15}{bare:>10}");
        for id in PROVIDERS {
            let more = cost(&["verify", id, &size.to_string()])?.saturating_sub(bare);
            let percent = if size < 64 << 10 { u64::MAX } else { bare * MAX_PERCENT / 100 };
            limits.hold(&format!("    more for {id}"), more, percent.min(MAX_MORE));
        }
    }
    for id in PROVIDERS {
        limits.hold(&format!("  to find {id}"), cost(&["find", id])?, MAX_FIND);
    }
    println!("microseconds");
    limits.hold("  to find the first one", median_first_find("stripe")?, MAX_FIRST_FIND);
    Ok(if limits.exceeded { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is printed, and whether any of it was too much.
#[derive(Default)]
struct Limits {
    exceeded: bool,
}

impl Limits {
    fn hold(&mut self, what: &str, cost: u64, limit: u64) {
        let verdict = if cost > limit { ": TOO MUCH" } else { "" };
        println!("{what:<32}{cost:>10} of {limit}{verdict}");
        self.exceeded |= cost > limit;
    }
}

fn cost(task: &[&str]) -> Result<u64> {
    let once = instructions(task, 1)?;
    Ok(instructions(task, 1 + MORE_ROUNDS)?.saturating_sub(once) / MORE_ROUNDS)
}

fn instructions(task: &[&str], rounds: u64) -> Result<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(task)
        .arg(rounds.to_string())
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&run.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    match count {
        Some((_, count)) if run.status.success() => Ok(count.trim().parse()?),
        _ => Err(said.into()),
    }
}

fn hmac(size: usize, rounds: u64) -> Result<()> {
    let body = body(size);
    for _ in 0..rounds {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        mac.update(black_box(&body));
        black_box(mac.verify_slice(&[0; 32]).is_ok());
    }
    Ok(())
}

fn verified(id: &str, size: usize, rounds: u64) -> Result<()> {
    let provider = catalog::find(id).ok_or("not in the catalogue")?;
    let secret = Secret::new("s1", SECRET)?;
    let body = body(size);
    let given = Headers::from_iter([("webhook-id", "msg_1")]);
    let draft = Request { method: "POST", url: "https://h.example/", headers: &given, body: &body };
    let mut headers = given.clone();
    headers.extend(sign(&provider, &secret, &draft, NOW)?);
    let request = Request { headers: &headers, ..draft };
    let secrets = [secret];
    for _ in 0..rounds {
        black_box(verify(&provider, &secrets, black_box(&request), NOW)?);
    }
    Ok(())
}

fn body(size: usize) -> Vec<u8> {
    vec![b'x'; size]
}

fn find(id: &str, rounds: u64) {
    for _ in 0..rounds {
        black_box(catalog::find(black_box(id)));
    }
}

fn median_first_find(id: &str) -> Result<u64> {
    let mut found = Vec::new();
    for _ in 0..STARTS {
        let run = Command::new(env::current_exe()?).args(["first", id]).output()?;
        found.push(String::from_utf8(run.stdout)?.trim().parse()?);
    }
    found.sort_unstable();
    Ok(*found.get(STARTS / 2).ok_or("no start was measured")?)
}

/// In microseconds, the pages of the program that have not been touched before included.
#[expect(clippy::disallowed_methods, reason = "it is the time that is asked for")]
fn first_find(id: &str) -> u128 {
    let start = Instant::now();
    black_box(catalog::find(black_box(id)));
    start.elapsed().as_micros()
}
