//! Commands that need more than this machine. Each is on a list here, and what it names is there:
//! parameters and outputs of the stack, packages, tests, steps, versions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hookdock_pipeline::endpoint::Endpoint;

use super::page::{Page, Typed, root};
use super::session::has_options;
use super::text_of;
use super::words::{output, words};

/// The pages' way to read an output of the stack.
const OUTPUT: &str = "output() { aws cloudformation describe-stacks --stack-name hookdock --query \
    \"Stacks[0].Outputs[?OutputKey=='$1'].OutputValue\" --output text; }";

/// How packages are installed: those that the tests use, by their digests.
const PIP: &str = "pip install --no-deps --require-hashes -r tests/python/sam.txt";

/// How a command is given what is in a file.
const FILE: &str = "file://";

/// The stack's name on every page.
const STACK: &str = "hookdock";

/// What the pages let a reader do with `sam` and `aws`, and with which options.
const REMOTE: &[(&str, &[&str])] = &[
    ("sam build", &[]),
    ("sam deploy", &["--config-env", "--parameter-overrides"]),
    ("sam delete", &["--stack-name"]),
    ("sam remote invoke", &["--stack-name", "--event-file"]),
    ("aws cloudformation describe-stacks", &["--stack-name", "--query", "--output"]),
    ("aws logs tail", &["--since", "--filter-pattern"]),
    ("aws scheduler get-schedule", &["--name", "--query"]),
    ("aws lambda get-account-settings", &["--query"]),
    ("aws lambda list-event-source-mappings", &["--function-name", "--query"]),
    ("aws lambda update-event-source-mapping", &["--uuid", "--enabled", "--no-enabled"]),
    ("aws secretsmanager create-secret", &["--name", "--secret-string"]),
    ("aws secretsmanager put-secret-value", &["--secret-id", "--secret-string"]),
    ("aws secretsmanager get-secret-value", &["--secret-id", "--query", "--output"]),
    ("aws secretsmanager delete-secret", &["--secret-id", "--force-delete-without-recovery"]),
    (
        "aws sqs start-message-move-task",
        &["--source-arn", "--destination-arn", "--max-number-of-messages-per-second"],
    ),
    ("aws sqs list-message-move-tasks", &["--source-arn"]),
    ("aws sqs get-queue-attributes", &["--queue-url", "--attribute-names"]),
    (
        "aws sqs receive-message",
        &[
            "--queue-url",
            "--message-attribute-names",
            "--max-number-of-messages",
            "--visibility-timeout",
        ],
    ),
];

/// Fails if the command is of an unknown kind, or names something that is not there.
pub(super) fn check(page: &Page, typed: &Typed) {
    let words = words(&typed.command);
    let right = match words[0].as_str() {
        "hookdock" => {
            has_options(&words);
            words.iter().filter_map(|word| output(word)).all(is_output)
        }
        "sam" | "aws" => is_remote(&words) && words.iter().all(|word| is_shown(page, word)),
        "cargo" => is_of_cargo(&words),
        "infra/first-deployment" => is_of_the_script(&words[1..]),
        "tests/run" => words[1..].iter().all(|step| is_step(step)),
        "pip" => typed.command == PIP && root().join("tests/python/sam.txt").is_file(),
        "python3" => typed.command == "python3 -m venv ~/.hookdock-tools",
        "." => typed.command == ". ~/.hookdock-tools/bin/activate",
        "output()" => typed.command == OUTPUT,
        program => is_fuzz_target(program),
    };
    assert!(right, "{}: an unknown command, or it names what is not there: {words:?}", page.name());
}

fn is_remote(words: &[String]) -> bool {
    let line = words.join(" ");
    let Some((name, options)) = REMOTE.iter().find(|(name, _)| {
        line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }) else {
        return false;
    };
    let mut rest = words[name.split(' ').count()..].iter().peekable();
    while let Some(word) = rest.next() {
        let value = rest.next_if(|next| word.starts_with("--") && !next.starts_with("--"));
        let right = match word.starts_with("--") {
            true => options.contains(&word.as_str()) && is_value(word, value.map(String::as_str)),
            false => match *name {
                "sam remote invoke" => is_function(word),
                "aws logs tail" => is_log_group(word),
                _ => false,
            },
        };
        if !right {
            return false;
        }
    }
    true
}

fn is_schedule(value: &str) -> bool {
    let suffix = value.strip_prefix(STACK).unwrap_or_default();
    text_of("template.yaml").contains(&format!("Name: !Sub ${{AWS::StackName}}{suffix}"))
}

fn is_value(option: &str, value: Option<&str>) -> bool {
    let Some(value) = value else {
        return matches!(option, "--enabled" | "--no-enabled" | "--force-delete-without-recovery");
    };
    match option {
        "--stack-name" => value == STACK && text_of("samconfig.toml").contains(&quoted(STACK)),
        "--config-env" => text_of("samconfig.toml").contains(&format!("[{value}.deploy.")),
        "--parameter-overrides" => {
            value.split_once('=').is_some_and(|(name, _)| section("Parameters").contains(name))
        }
        "--event-file" => root().join(value).is_file(),
        "--name" if value.ends_with("-maintenance") => is_schedule(value),
        "--name" | "--secret-id" => is_secret(value),
        // A secret on a command line is seen by others, and stays in the shell's history.
        "--secret-string" => value.starts_with(FILE),
        "--function-name" => is_named(value, "FunctionName"),
        "--source-arn" => is_named(value, "DeadLetterQueueArn"),
        "--destination-arn" => is_named(value, "EventQueueArn"),
        "--max-number-of-messages-per-second" => {
            value.parse().is_ok_and(|n| (1..=500).contains(&n))
        }
        "--uuid" => value == "UUID",
        "--query" => {
            let mapping =
                ["EventSourceMappings[0]", "EventSourceMappings[0].UUID"].contains(&value);
            let others = ["Stacks[0].Outputs", "SecretString", "AccountLimit", "State"];
            mapping || others.contains(&value)
        }
        "--since" => value == "1h",
        "--filter-pattern" => {
            let is_of_fields = value.starts_with("{ ") && value.ends_with(" }");
            is_of_fields && value.contains("$.") || value == "event_type_unknown"
        }
        "--queue-url" => is_named(value, "QueueUrl"),
        "--attribute-names" | "--message-attribute-names" => value == "All",
        "--max-number-of-messages" => value == "10",
        "--visibility-timeout" => value == "0",
        "--output" => ["table", "text"].contains(&value),
        _ => false,
    }
}

/// A log group of the template, with the stack's name in it.
fn is_log_group(name: &str) -> bool {
    let group = name.replacen(STACK, "${AWS::StackName}", 1);
    text_of("template.yaml").contains(&format!("LogGroupName: !Sub {group}\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The names of a section of the template.
fn section(name: &str) -> BTreeSet<String> {
    let template = text_of("template.yaml");
    let (_, rest) = template.split_once(&format!("\n{name}:\n")).expect("a section");
    let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    names.filter(|name| !name.starts_with([' ', '#'])).map(str::to_owned).collect()
}

fn is_output(name: &str) -> bool {
    section("Outputs").contains(name)
}

/// A word that stands for an output of the stack whose name ends so.
fn is_named(word: &str, end: &str) -> bool {
    output(word).is_some_and(|name| name.ends_with(end) && is_output(name))
}

fn is_function(name: &str) -> bool {
    let function = format!("\n  {name}:\n    Type: AWS::Serverless::Function\n");
    text_of("template.yaml").contains(&function)
}

/// A secret below the stack's name that the functions may read.
fn is_secret(name: &str) -> bool {
    let kind = name.strip_prefix(STACK).and_then(|rest| rest.split('/').nth(1));
    let readable = kind.map(|kind| format!("${{AWS::StackName}}/{kind}"));
    readable.is_some_and(|readable| text_of("template.yaml").contains(&readable))
}

/// Whether the page names the file that a command reads, and shows what is in it: an endpoint. The
/// jobs' settings have an example of their own.
fn is_shown(page: &Page, word: &str) -> bool {
    let Some(file) = word.strip_prefix(FILE).filter(|file| *file != "jobs.json") else {
        return true;
    };
    let named = format!("`{file}`");
    let shown = page.json();
    page.prose().any(|line| line.contains(&named))
        && !shown.is_empty()
        && shown.iter().all(|json| is_endpoint(json))
}

fn is_endpoint(json: &str) -> bool {
    Endpoint::from_json(&"page".parse().expect("a name"), json.as_bytes()).is_ok()
}

fn is_of_cargo(words: &[String]) -> bool {
    let packages = values(words, "-p");
    let folders: Option<Vec<String>> = packages.iter().map(|package| folder_of(package)).collect();
    let Some(folders) = folders else {
        return false;
    };
    match words[1].as_str() {
        "install" => has_features(words),
        "nextest" => {
            let [filter @ .., last] = &words[3..] else { return false };
            let is_package = filter.last().is_some_and(|before| before == "-p");
            is_package || folders.iter().any(|folder| has_test(folder, last))
        }
        "run" => values(words, "--example").iter().all(|example| {
            let is_there = |folder: &String| Path::new(folder).join("examples").join(example);
            folders.iter().map(is_there).any(|path| root().join(path).is_dir())
        }),
        _ => false,
    }
}

/// What stands after each option of that name.
fn values<'a>(words: &'a [String], option: &str) -> Vec<&'a str> {
    let pairs = words.windows(2).filter(|pair| pair[0] == option);
    pairs.map(|pair| pair[1].as_str()).collect()
}

fn has_features(words: &[String]) -> bool {
    let [path] = values(words, "--path")[..] else {
        return false;
    };
    let manifest = text_of(&format!("{path}/Cargo.toml"));
    let features = values(words, "--features");
    features.iter().all(|feature| manifest.contains(&format!("\n{feature} = [")))
}

/// The folder of a package of the workspace.
fn folder_of(package: &str) -> Option<String> {
    let folders = ["functions", "shared"].into_iter().flat_map(|parent| {
        let entries = fs::read_dir(root().join(parent)).expect("a folder");
        entries.map(move |entry| {
            let name = entry.expect("an entry").file_name();
            format!("{parent}/{}", name.to_str().expect("UTF-8"))
        })
    });
    let mut folders = folders.chain(["cli", "tests", "tests/bench/rust"].map(str::to_owned));
    folders.find(|at| {
        let manifest = fs::read_to_string(root().join(at).join("Cargo.toml"));
        manifest.is_ok_and(|manifest| manifest.contains(&format!("name = {}\n", quoted(package))))
    })
}

fn has_test(folder: &str, name: &str) -> bool {
    fn any_in(folder: &Path, function: &str) -> bool {
        fs::read_dir(folder).expect("a folder").any(|entry| {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => any_in(&path, function),
                false => fs::read_to_string(&path).is_ok_and(|text| text.contains(function)),
            }
        })
    }
    any_in(&root().join(folder), &format!("fn {name}()"))
}

/// Options of the script, with this stack and checks that it has.
fn is_of_the_script(words: &[String]) -> bool {
    let script = text_of("infra/first-deployment");
    words.chunks(2).all(|pair| match pair {
        [option, value] if script.contains(&format!("add_argument({}", quoted(option))) => {
            match option.as_str() {
                "--stack" => value == STACK,
                "--only" => value.split(',').all(|n| script.contains(&format!("\n@check({n}, "))),
                _ => false,
            }
        }
        _ => false,
    })
}

fn is_step(step: &str) -> bool {
    let script = text_of("tests/run");
    script.contains(&format!("\n{step}() ")) && script.contains(&format!(" {step} "))
}

fn is_fuzz_target(program: &str) -> bool {
    let name = program.strip_prefix("target/fuzz/*/release/");
    name.is_some_and(|name| {
        root().join(format!("shared/signature/fuzz/fuzz_targets/{name}.rs")).is_file()
    })
}

#[test]
fn a_command_that_names_what_is_not_there_is_refused() {
    let right = [
        "sam deploy --parameter-overrides CaptureSecrets=true",
        "aws sqs list-message-move-tasks --source-arn \"$(output DeadLetterQueueArn)\"",
        "sam remote invoke --stack-name hookdock IngestFunction",
    ];
    let wrong = [
        "sam deploy --parameter-overrides CaptureSecret=true",
        "sam deploy --config-env test",
        "sam deploy --force",
        "sam remote invoke IngestTable",
        "sam publish",
        "aws sqs list-message-move-tasks --source-arn \"$(output DeadLetterArn)\"",
        "aws sqs start-message-move-task --destination-arn \"$(output DeadLetterQueueArn)\"",
        "aws secretsmanager create-secret --name hookdock/endpoints/github",
        "aws secretsmanager create-secret --secret-string '{\"version\": 1}'",
        "aws secretsmanager create-secret --secret-string \
            '{\"version\": 1, \"provider\": \"github\", \"secrets\": []}'",
        "aws s3 ls",
    ];
    for (commands, expected) in [(&right[..], true), (&wrong[..], false)] {
        for command in commands {
            assert_eq!(is_remote(&words(command)), expected, "{command}");
        }
    }
    for (command, expected) in [
        ("cargo nextest run -p hookdock-cli -p hookdock-tests", true),
        (
            "cargo nextest run -p hookdock-cli a_command_that_names_what_is_not_there_is_refused",
            true,
        ),
        ("cargo nextest run -p hookdock-cli a_test_of_nothing", false),
        ("cargo nextest run -p hookdock-client", false),
        ("cargo run -p hookdock-signature --example providers", true),
        ("cargo run -p hookdock-signature --example provider", false),
        ("cargo install --path cli --features aws", true),
        ("cargo install --path cli --features azure", false),
        ("cargo publish", false),
    ] {
        assert_eq!(is_of_cargo(&words(command)), expected, "{command}");
    }
    assert!(is_step("stack") && is_step("load") && !is_step("everything"));
    assert!(!is_fuzz_target("rm"));
}
