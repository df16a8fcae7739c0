use std::collections::BTreeSet;
use std::fmt;

use hookdock_pipeline::model::names::EndpointId;
use tracing_subscriber::filter::LevelFilter;

use super::*;

const INGEST: [(&str, &str); 8] = [
    ("HOOKDOCK_STACK", "hooks"),
    ("HOOKDOCK_ENDPOINTS", "stripe, github,stripe"),
    ("HOOKDOCK_BUCKET", "deliveries"),
    ("HOOKDOCK_QUEUE_URL", "https://sqs.example/1/queue"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
];

/// What ingest cannot do without.
const NEEDED: [&str; 6] = [
    "HOOKDOCK_STACK",
    "HOOKDOCK_BUCKET",
    "HOOKDOCK_QUEUE_URL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
];

const PROCESSOR: [(&str, &str); 6] = [
    ("HOOKDOCK_BUCKET", "deliveries"),
    ("HOOKDOCK_QUEUE_URL", "https://sqs.example/1/queue"),
    ("HOOKDOCK_DLQ_URL", "http://127.0.0.1:4566/1/dead"),
    ("HOOKDOCK_TABLE", "ledger"),
    ("HOOKDOCK_RECORDS_TABLE", "records"),
    ("HOOKDOCK_MAX_ATTEMPTS", "3"),
];

/// The variables, with one of them changed.
fn with<'a>(
    variables: &'a [(&'a str, &'a str)],
    changed: &'a str,
    value: Option<&'a str>,
) -> impl Fn(&str) -> Option<String> {
    move |name| {
        let found = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let found = if name == changed { value } else { found };
        found.map(str::to_owned)
    }
}

fn problem(result: Result<impl fmt::Debug, ConfigProblems>) -> String {
    result.expect_err("a problem").to_string()
}

#[test]
fn a_full_environment_is_read() {
    let ingest = IngestConfig::read(with(&INGEST, "", None)).expect("usable");
    assert_eq!(ingest.stack, "hooks");
    assert_eq!(ingest.bucket, "deliveries");
    assert_eq!(ingest.queue_url, "https://sqs.example/1/queue");
    let names: Vec<_> = ingest.endpoints.iter().map(EndpointId::as_str).collect();
    assert_eq!(names, ["github", "stripe"]);
    let processor = ProcessorConfig::read(with(&PROCESSOR, "", None)).expect("usable");
    assert_eq!(processor.settings.policy.max_attempts, 3);
    assert_eq!(processor.ledger.dead_letter_url, "http://127.0.0.1:4566/1/dead");
    assert_eq!(processor.ledger.records_table, "records");
    assert_eq!(processor.jobs, JobsConfig::default(), "nothing is set up unless it is named");
}

#[test]
fn a_service_s_own_address_goes_before_the_one_for_all() {
    let own = Some("http://127.0.0.1:9000");
    let config = IngestConfig::read(with(&INGEST, "AWS_ENDPOINT_URL_S3", own));
    let access = config.expect("usable").access;
    assert_eq!(access.s3.as_deref(), own);
    assert_eq!(access.sqs.as_deref(), Some("http://127.0.0.1:4566"));
    let config = IngestConfig::read(with(&INGEST, "AWS_ENDPOINT_URL", None));
    assert_eq!(config.expect("usable").access.secrets, None);
}

#[test]
fn the_secret_of_the_key_and_the_token_are_not_shown() {
    let config = IngestConfig::read(with(&INGEST, "AWS_SESSION_TOKEN", Some("hunter3")));
    let text = format!("{:?}", config.expect("usable"));
    assert!(text.contains("AKIDEXAMPLE"), "{text}");
    assert!(!text.contains("hunter"), "{text}");
}

#[test]
fn what_is_optional_may_be_missing_or_empty() {
    for value in [None, Some(""), Some(" ")] {
        let ingest = IngestConfig::read(with(&INGEST, "HOOKDOCK_ENDPOINTS", value));
        assert_eq!(ingest.expect("usable").endpoints, BTreeSet::new());
        let processor = ProcessorConfig::read(with(&PROCESSOR, "HOOKDOCK_MAX_ATTEMPTS", value));
        assert_eq!(processor.expect("usable").settings.policy.max_attempts, 12);
    }
}

#[test]
fn what_is_required_may_be_neither_missing_nor_empty() {
    for value in [None, Some(""), Some(" ")] {
        for name in NEEDED {
            let found = problem(IngestConfig::read(with(&INGEST, name, value)));
            assert_eq!(found, format!("the environment is not usable: {name} is not set"));
        }
        for (name, _) in &PROCESSOR[..5] {
            let found = problem(ProcessorConfig::read(with(&PROCESSOR, name, value)));
            assert_eq!(found, format!("the environment is not usable: {name} is not set"));
        }
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = IngestConfig::read(|_| None).expect_err("problems");
    let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(variables, NEEDED);
    let problems = ProcessorConfig::read(|_| Some("-1".to_owned())).expect_err("problems");
    let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(
        variables,
        [
            "HOOKDOCK_QUEUE_URL",
            "HOOKDOCK_DLQ_URL",
            "HOOKDOCK_MAX_ATTEMPTS",
            "HOOKDOCK_DELIVERY_DAYS",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "HOOKDOCK_TOPIC_ARN"
        ]
    );
}

#[test]
fn a_wrong_value_is_named_with_what_is_wrong() {
    let check = |name, value, expected: &str| {
        let found = problem(IngestConfig::read(with(&INGEST, name, Some(value))));
        assert!(found.contains(expected), "{found}");
    };
    check("HOOKDOCK_STACK", "my stack", "HOOKDOCK_STACK cannot begin a secret's name");
    check("HOOKDOCK_QUEUE_URL", "arn:aws:sqs", "HOOKDOCK_QUEUE_URL is not a URL");
    check("AWS_REGION", "eu.evil.example/", "AWS_REGION is not a region");
    check("AWS_ENDPOINT_URL_S3", "localhost", "AWS_ENDPOINT_URL_S3 is not a URL");
    check("HOOKDOCK_ENDPOINTS", "a,B,../c", r#"no endpoint can have: "B": an endpoint name"#);
    check("HOOKDOCK_ENDPOINTS", "a,B,../c", r#""../c": an endpoint name"#);
    for value in ["0", "-1", "many", "1.5", "99999999999"] {
        let changed = with(&PROCESSOR, "HOOKDOCK_MAX_ATTEMPTS", Some(value));
        let found = problem(ProcessorConfig::read(changed));
        assert!(found.contains("HOOKDOCK_MAX_ATTEMPTS is not a whole number"), "{found}");
    }
}

#[test]
fn the_log_level_is_lambda_s_and_info_without_one() {
    for (value, level) in [
        (Some("TRACE"), LevelFilter::TRACE),
        (Some("debug"), LevelFilter::DEBUG),
        (Some("INFO"), LevelFilter::INFO),
        (Some("WARN"), LevelFilter::WARN),
        (Some("ERROR"), LevelFilter::ERROR),
        (Some("FATAL"), LevelFilter::ERROR),
        (Some("loud"), LevelFilter::INFO),
        (Some(""), LevelFilter::INFO),
        (None, LevelFilter::INFO),
    ] {
        assert_eq!(log_level(|_| value.map(str::to_owned)), level, "{value:?}");
    }
}
