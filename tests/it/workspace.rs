//! What holds the workspace together.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The crates that a package is built from when it is built alone, as `sam build` does, and
/// their features.
fn built_from(package: &str) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", package, "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}|{f}"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let crates = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    crates.map(|(name, features)| (name.to_owned(), features.to_owned())).collect()
}

#[test]
fn both_functions_build_their_shared_crates_alike_so_that_the_sdk_is_compiled_once() {
    let (ingest, processor) = (built_from("hookdock-ingest"), built_from("hookdock-processor"));
    // It is small, and ingest has it without what only jobs call.
    let meant_to_differ = |name: &str| name.starts_with("hookdock-aws ");
    let shared = ingest.iter().filter(|(name, _)| !meant_to_differ(name));
    let shared = shared.filter_map(|(name, ours)| Some((name, ours, processor.get(name)?)));
    let (mut count, mut apart) = (0, Vec::new());
    for (name, ours, theirs) in shared {
        count += 1;
        if ours != theirs {
            apart.push(format!("{name}: ingest has [{ours}], the processor [{theirs}]"));
        }
    }
    assert!(count > 150, "only {count} crates are shared: the comparison has gone wrong");
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

#[test]
fn business_code_and_what_only_jobs_call_are_not_linked_into_ingest() {
    let has = |crates: &BTreeMap<String, String>, name: &str| {
        crates.keys().any(|found| found.starts_with(&format!("{name} ")))
    };
    let (ingest, processor) = (built_from("hookdock-ingest"), built_from("hookdock-processor"));
    for name in ["hookdock-jobs", "aws-sdk-bedrockruntime", "aws-sdk-sesv2", "aws-sdk-sns"] {
        assert!(!has(&ingest, name), "ingest is linked with {name}");
        assert!(has(&processor, name), "the processor is not linked with {name}");
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
