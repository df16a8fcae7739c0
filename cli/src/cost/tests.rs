//! The arithmetic, with every figure written out.

use clap::Parser;

use super::bill::{Bill, Line};
use super::break_even::BreakEven;
use super::figures::Figures;
use super::flood::Flood;
use super::workload::Workload;

#[derive(Parser)]
struct Asked {
    #[command(flatten)]
    workload: Workload,
}

fn workload(arguments: &str) -> Workload {
    Asked::parse_from(["cost"].into_iter().chain(arguments.split_whitespace())).workload
}

fn bill(arguments: &str) -> Bill {
    Bill::of(&workload(arguments), &Figures::built_in().expect("readable"))
}

fn dollars(bill: &Bill, what: &str) -> f64 {
    let lines = bill.events.iter().chain(&bill.standing);
    lines.filter(|line| line.what == what).map(|line: &Line| line.dollars).sum()
}

fn check(arguments: &str, lines: &[(&str, f64)]) {
    let bill = bill(arguments);
    for (what, expected) in lines {
        let found = dollars(&bill, what);
        assert!((found - expected).abs() < 0.005, "{arguments}, {what}: {found}, not {expected}");
    }
}

/// What the first estimate assumed: one million webhooks of 4 KiB, 256 MB, batches of ten, 30
/// days, 1,100 bytes of logs for each.
const ESTIMATE: &str = "--processor-memory 256 --retention-days 30 --log-bytes 1100";

#[test]
fn the_estimate_for_objects_was_9_27_and_a_third_write_a_webhook_was_missing_in_it() {
    let arguments = format!("{ESTIMATE} --ingest-ms 60 --processor-ms 120");
    check(
        &arguments,
        &[
            ("API Gateway: requests", 1.00),
            ("ingest: requests", 0.20),
            ("ingest: duration", 0.20),
            ("S3: PUT", 5.00),
            ("S3: GET", 0.40),
            ("S3: storage", 0.13),
            ("SQS: sends", 0.40),
            ("SQS: receives and deletes", 0.08),
            ("processor: requests", 0.02),
            ("processor: duration", 0.04),
            // It had two units: that a delivery is noted was not in it.
            ("DynamoDB: writes", 1.25 + 0.625),
            // It took a GB for 10^9 bytes: 0.55.
            ("logs: ingestion", 0.51),
        ],
    );
    let bill = bill(&arguments);
    let not_in_it = ["data out: the answers", "DynamoDB: storage", "logs: storage"];
    let left: f64 = not_in_it.iter().map(|what| dollars(&bill, what)).sum();
    assert_eq!(format!("{:.2}", bill.dollars_per_million - left), "9.86");
    check(
        &arguments,
        &[("data out: the answers", 0.03), ("DynamoDB: storage", 0.33), ("logs: storage", 0.03)],
    );
}

#[test]
fn the_estimate_for_inline_was_4_22_and_lacked_the_same() {
    let arguments = format!("{ESTIMATE} --store inline --ingest-ms 20 --processor-ms 60");
    check(
        &arguments,
        &[
            ("API Gateway: requests", 1.00),
            ("ingest: requests", 0.20),
            ("ingest: duration", 0.07),
            ("S3: PUT", 0.50),
            ("S3: GET", 0.00),
            ("S3: storage", 0.13),
            ("SQS: sends", 0.40),
            // It took ten of 6 KiB to fit into 64 KiB, and forgot what else is in a message: 0.08.
            ("SQS: receives and deletes", 0.12),
            ("processor: requests", 0.02),
            ("processor: duration", 0.02),
            ("DynamoDB: writes", 1.25 + 0.625),
            ("logs: ingestion", 0.51),
        ],
    );
}

#[test]
fn every_option_moves_the_lines_it_should() {
    for (arguments, lines) in [
        ("--architecture x86_64 --ingest-ms 60", &[("ingest: duration", 0.25)][..]),
        ("--ingest-memory 1024 --ingest-ms 60", &[("ingest: duration", 0.80)]),
        // 512 KiB, and one byte more.
        ("--bytes 524288", &[("API Gateway: requests", 1.00)]),
        ("--bytes 524289", &[("API Gateway: requests", 2.00)]),
        ("--retention-days 60", &[("S3: storage", 0.26)]),
        ("--jobs 2", &[("DynamoDB: writes", 5.0 * 0.625), ("S3: GET", 0.40)]),
        ("--jobs 0", &[("DynamoDB: writes", 0.625), ("S3: GET", 0.00)]),
        // Claimed, begun and saved once, settled; noted before.
        ("--steps 1", &[("DynamoDB: writes", 5.0 * 0.625)]),
        // The run outgrows 1 KiB, and each later write of it is two units.
        ("--steps 5", &[("DynamoDB: writes", (2.0 + 11.0 * 2.0) * 0.625)]),
        (
            "--duplicates 10",
            &[("S3: PUT", 5.50), ("S3: GET", 0.44), ("DynamoDB: writes", 3.2 * 0.625)],
        ),
        ("--tenants 50", &[("SQS: fair queue", 0.05), ("DynamoDB: writes", 3.5 * 0.625)]),
        ("--batch 1", &[("SQS: receives and deletes", 0.80), ("processor: requests", 0.20)]),
        // One by one, an inline delivery is an object again.
        ("--batch 1 --store inline", &[("S3: PUT", 5.00)]),
        // What fits into a message of 64 KiB with all that it has besides, and what does not.
        ("--store inline --bytes 56000", &[("S3: PUT", 0.50), ("SQS: sends", 0.40)]),
        ("--store inline --bytes 57000", &[("S3: PUT", 5.00), ("SQS: sends", 0.40)]),
        ("", &[("X-Ray: traces", 0.00)]),
        ("--tracing active", &[("X-Ray: traces", 5.00)]),
        // One a second, and 5 % of what is above.
        ("--tracing active --events 10000000", &[("X-Ray: traces", 5.0 * (2.592 + 0.05 * 7.408))]),
        ("--endpoints 10", &[("Secrets Manager: secrets", 4.00)]),
        // 43,200 minutes.
        (
            "",
            &[
                ("maintenance: ticks", 0.0432),
                ("maintenance: requests", 0.00864),
                ("maintenance: reads", 0.0432),
            ],
        ),
        // Fourteen with one metric, one that looks at two and one at three, one for each endpoint.
        ("", &[("CloudWatch: alarms", 0.10 * (14.0 + 5.0 + 1.0))]),
        ("--endpoints 10", &[("CloudWatch: alarms", 0.10 * (14.0 + 5.0 + 10.0))]),
        // Six that are not counted for each endpoint, and two that are.
        ("", &[("CloudWatch: metrics", 0.30 * (6.0 + 2.0))]),
        ("--endpoints 10", &[("CloudWatch: metrics", 0.30 * (6.0 + 20.0))]),
        ("", &[("KMS: the tables' key", 0.00), ("KMS: calls", 0.00)]),
        // Two tables, twelve times an hour.
        ("--table-key", &[("KMS: the tables' key", 1.00), ("KMS: calls", 0.05)]),
        ("", &[("SQS: the idle trigger", 0.26), ("Secrets Manager: reads", 0.04)]),
    ] {
        check(arguments, lines);
    }
}

fn refused(rate: u32, arguments: &str) -> [(f64, f64); 2] {
    let figures = Figures::built_in().expect("readable");
    let flood = Flood::of(rate, &workload(arguments), &figures);
    flood.refused.map(|refused| (refused.dollars_per_million, refused.dollars_per_day))
}

#[test]
fn what_is_refused_costs_its_way_in_its_check_and_its_log_line() {
    // A million requests, their answers, their calls, 2 ms of them each, and their logs.
    let unsigned = 1.00 + 0.025 + 0.20 + 0.007 + 0.885 + 0.053;
    // Ten functions of 20 look-ups a second are two of five requests, which wait 20 ms each.
    let looked_up = 0.4 * (5.00 + 0.067);
    let [(wrong, wrong_day), (unknown, unknown_day)] = refused(500, "");
    assert!((wrong - unsigned).abs() < 0.002, "{wrong}");
    assert!((unknown - unsigned - looked_up).abs() < 0.002, "{unknown}");
    assert!((wrong_day - wrong * 43.2).abs() < 1e-9, "{wrong_day}");
    assert!((unknown_day - unknown * 43.2).abs() < 1e-9, "{unknown_day}");
}

#[test]
fn below_the_rate_limit_each_unknown_name_is_looked_up() {
    let [(wrong, day), (unknown, _)] = refused(10, "");
    assert!((unknown - wrong - 5.067).abs() < 0.002, "{unknown}");
    assert!((day - wrong * 0.864).abs() < 1e-9, "{day}");
}

#[test]
fn less_memory_is_less_of_a_cpu_and_so_a_longer_call() {
    let figures = Figures::built_in().expect("readable");
    // 60 ms for the PUT, 10 for the send, 0.3 of a whole CPU, which comes with 1769 MB.
    for (arguments, expected) in [
        ("--ingest-memory 1769", 70.3),
        ("--ingest-memory 3008", 70.3),
        ("--ingest-memory 256", 72.1),
        ("--ingest-memory 128", 74.1),
        ("--ingest-memory 256 --store inline", 12.1),
    ] {
        let found = workload(arguments).ingest_ms(&figures);
        assert!((found - expected).abs() < 0.05, "{arguments}: {found}");
    }
}

#[test]
fn an_object_is_cheaper_from_the_size_on_at_which_a_message_is_that_many_requests() {
    let figures = Figures::built_in().expect("readable");
    let even = BreakEven::of(&workload(""), &figures);
    let from = even.from_bytes.expect("there is one");
    let at = |bytes| {
        let cost = |store| {
            let asked = workload(&format!("--bytes {bytes} --store {store}"));
            let asked = Workload { any_size: true, ..asked };
            Bill::of(&asked, &figures).dollars_per_million
        };
        (cost("object"), cost("inline"))
    };
    let ((object, inline), (object_below, inline_below)) = (at(from), at(from - 1024));
    assert!(object < inline && object_below >= inline_below, "{from}");
    assert_eq!(from, 387 * 1024);
}
