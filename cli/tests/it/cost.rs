//! `hookdock cost`.

use std::path::Path;

use hookdock_pipeline::job::Registry;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use crate::documents::text_of;
use crate::support::{json, run, stdout};

fn per_million(arguments: &[&str]) -> f64 {
    let all = [&["cost", "--json"], arguments].concat();
    json(&run(&all))["bill"]["dollars_per_million"].as_f64().expect("a sum")
}

#[test]
fn the_page_of_costs_quotes_what_the_command_says() {
    let page = text_of("docs/cost.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `cost"));
    let mut rows = rows.filter_map(|row| row.split_once("` | $")).peekable();
    assert!(rows.peek().is_some(), "the page quotes nothing");
    for (arguments, quoted) in rows {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let quoted = quoted.split(' ').next().expect("a sum");
        assert_eq!(quoted, format!("{:.2}", per_million(&arguments)), "{arguments:?}");
    }
    let even = json(&run(&["cost", "--break-even", "--json"]));
    let kib = even["from_bytes"].as_u64().expect("a size") / 1024;
    assert!(page.contains(&format!("from {kib} KiB on an object is the cheaper")), "{kib}");
}

#[test]
fn the_page_of_costs_quotes_the_price_of_a_flood() {
    let page = text_of("docs/cost.md");
    let flood = json(&run(&["cost", "--flood", "--json"]));
    assert_eq!(flood["requests_per_second"], 500);
    for refused in flood["refused"].as_array().expect("kinds") {
        let dollars = |part: &str| refused[part].as_f64().expect("a sum");
        let (million, day) = (dollars("dollars_per_million"), dollars("dollars_per_day"));
        let row =
            format!("| {} | ${million:.2} | ${day:.2} |", refused["what"].as_str().expect("text"));
        assert!(page.contains(&row), "{row}");
    }
    let text = stdout(&run(&["cost", "--flood", "50"]));
    for part in
        ["the signature is wrong", "A DAY AT THE LIMIT", "The limit is 50 requests a second"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn the_limit_of_a_flood_is_that_of_the_template() {
    let template = text_of("template.yaml");
    let (_, rest) = template.split_once("\n  ThrottleRate:\n").expect("a parameter");
    let default = rest.lines().find_map(|line| line.strip_prefix("    Default: "));
    let flood = json(&run(&["cost", "--flood", "--json"]));
    assert_eq!(default, Some(flood["requests_per_second"].to_string().as_str()));
}

#[test]
fn the_text_has_the_lines_and_the_sums_of_the_json() {
    let text = stdout(&run(&["cost", "--events", "2000000"]));
    let account = json(&run(&["cost", "--events", "2000000", "--json"]));
    let lines = ["events", "standing"].map(|part| account["bill"][part].as_array().expect("lines"));
    assert!(lines.iter().all(|lines| !lines.is_empty()));
    for line in lines.into_iter().flatten() {
        let (what, dollars) = (line["what"].as_str().expect("text"), line["dollars"].as_f64());
        let dollars = format!(" {:.2} ", dollars.expect("a sum"));
        let found = text.lines().find(|row| row.trim_start().starts_with(what));
        assert!(found.is_some_and(|row| row.contains(&dollars)), "{what}{dollars}in\n{text}");
    }
    for part in ["EVENTS", "PER MILLION EVENTS", "us-east-1, 2026-"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let half = account["bill"]["dollars_for_events"].as_f64().expect("a sum") / 2.0;
    assert!((per_million(&["--events", "2000000"]) - half).abs() < 1e-9);
}

#[test]
fn what_was_not_read_at_aws_says_so() {
    let account = json(&run(&["cost", "--tracing", "active", "--json"]));
    let lines = account["bill"]["events"].as_array().expect("lines");
    let traces = lines.iter().find(|line| line["what"] == "X-Ray: traces").expect("a line");
    assert_eq!(traces["trust"], "unconfirmed");
    let sources = stdout(&run(&["cost", "--sources"]));
    for part in ["[prices.s3_put]", "trust = \"third-party\"", "https://aws.amazon.com/s3/pricing/"]
    {
        assert!(sources.contains(part), "{part}");
    }
}

#[test]
fn nonsense_is_refused() {
    for wrong in [
        ["--batch", "0"],
        ["--batch", "11"],
        ["--duplicates", "-1"],
        ["--tenants", "101"],
        ["--ingest-memory", "64"],
        ["--job-ms", "NaN"],
        ["--flood", "0"],
    ] {
        let arguments = [&["cost"], &wrong[..]].concat();
        assert_eq!(run(&arguments).status.code(), Some(2), "{wrong:?}");
    }
}

/// What a webhook of GitHub's has beside its body, behind API Gateway.
const HEADERS: [(&str, &str); 11] = [
    ("accept", "*/*"),
    ("content-length", "4096"),
    ("content-type", "application/json"),
    ("host", "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"),
    ("user-agent", "GitHub-Hookshot/044aadd"),
    ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ("x-forwarded-for", "192.0.2.1"),
    ("x-forwarded-port", "443"),
    ("x-forwarded-proto", "https"),
    ("x-github-hook-id", "292430182"),
    ("x-github-hook-installation-target-type", "repository"),
];

#[tokio::test(start_paused = true)]
async fn a_stored_delivery_is_about_as_large_as_the_bill_takes_it_to_be() {
    let url = r#""url":"https://api.github.com/repos/octo/hello-world/issues/1347","#;
    let body = format!("{{{}\"action\":\"opened\"}}", url.repeat(63));
    let bytes = body.len().to_string();
    let draft = Draft::github(body);
    let draft = HEADERS.iter().fold(draft, |draft, (name, value)| draft.with(name, value));
    let stack = Stack::with(Registry::new());
    assert_eq!(stack.post(&draft).await.status(), 200);
    let name = stack.local.objects().expect("memory").remove(0);
    let id = name.rsplit('/').next().and_then(|file| file.strip_suffix(".json"));
    let id = id.expect("a name").parse().expect("an id");
    let (_, object) = stack.local.stored(&id).expect("memory").expect("stored");
    let account = json(&run(&["cost", "--bytes", &bytes, "--json"]));
    let taken = account["stored_bytes"].as_f64().expect("a size");
    let found = object.len() as f64;
    assert!((taken / found - 1.0).abs() < 0.1, "{taken} for {found} of {bytes}");
}

#[test]
fn the_defaults_are_those_of_the_template() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template = std::fs::read_to_string(template).expect("the template");
    let workload = &json(&run(&["cost", "--json"]))["workload"];
    let built =
        format!("    Architectures: [{}]\n", workload["architecture"].as_str().expect("text"));
    assert!(template.contains(&built), "{built}");
    for (parameter, option) in [
        ("IngestMemory", "ingest_memory"),
        ("ProcessorMemory", "processor_memory"),
        ("BatchSize", "batch"),
        ("DeliveryRetentionDays", "retention_days"),
        ("LogRetentionDays", "log_days"),
        ("Tracing", "tracing"),
    ] {
        let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).expect(parameter);
        let default = rest.lines().find_map(|line| line.strip_prefix("    Default: "));
        let taken = workload[option].to_string();
        let taken = taken.replace(['"', '_'], "");
        assert_eq!(default.map(str::to_lowercase), Some(taken), "{parameter}");
    }
}
