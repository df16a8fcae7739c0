//! What a package is linked with.

use std::collections::BTreeMap;

use super::cargo;

/// The crates that a package is built from when it is built alone, as `sam build` does, and
/// their features.
fn built_from(package: &str) -> BTreeMap<String, String> {
    let text = cargo(&[
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ]);
    let crates = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    crates.map(|(name, features)| (name.to_owned(), features.to_owned())).collect()
}

/// Crates that two packages share and want with different features.
fn apart(one: &str, other: &str) -> Vec<String> {
    let (ours, theirs) = (built_from(one), built_from(other));
    let shared: Vec<_> =
        ours.iter().filter_map(|(name, ours)| Some((name, ours, theirs.get(name)?))).collect();
    assert!(shared.len() > 150, "{one} and {other} share few crates: the comparison went wrong");
    let apart = shared.iter().filter(|(_, ours, theirs)| ours != theirs);
    apart.map(|(name, ours, theirs)| format!("{name}: [{ours}] and [{theirs}]")).collect()
}

#[test]
fn the_benchmark_s_plain_function_is_built_from_the_processor_s_sdk_compiled_once() {
    let mut apart = apart("hookdock-processor", "hookdock-bench-plain");
    // `lambda_http` wants events of other services than SQS. The SDK does not stand on them.
    apart.retain(|one| !one.starts_with("aws_lambda_events "));
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

#[test]
fn the_sdk_s_clients_and_what_only_jobs_need_are_not_linked_into_ingest() {
    let has = |crates: &BTreeMap<String, String>, name: &str| {
        crates.keys().any(|found| found.starts_with(&format!("{name} ")))
    };
    let (ingest, processor) = (built_from("hookdock-ingest"), built_from("hookdock-processor"));
    for name in [
        "hookdock-jobs",
        "aws-config",
        "aws-sdk-bedrockruntime",
        "aws-sdk-dynamodb",
        "aws-sdk-s3",
        "aws-sdk-secretsmanager",
        "aws-sdk-sqs",
        "aws-smithy-runtime",
    ] {
        assert!(!has(&ingest, name), "ingest is linked with {name}");
        assert!(has(&processor, name), "the processor is not linked with {name}");
    }
}

/// Whoever records what is sent today may read it with the computers of tomorrow.
#[test]
fn keys_are_exchanged_in_a_way_that_outlasts_quantum_computers() {
    for package in ["hookdock-ingest", "hookdock-processor"] {
        let crates = built_from(package);
        let rustls = crates.iter().find(|(name, _)| name.starts_with("rustls v"));
        let (_, features) = rustls.expect("linked");
        assert!(features.contains("prefer-post-quantum"), "{package}: {features}");
    }
}

#[test]
fn one_http_stack_and_one_tls_stack_are_linked() {
    for package in ["hookdock-ingest", "hookdock-processor"] {
        for name in built_from(package).keys() {
            for unwanted in ["hyper v0.14", "rustls v0.21", "ring v", "openssl-sys", "native-tls"] {
                assert!(!name.starts_with(unwanted), "{package} is linked with {name}");
            }
        }
    }
}
