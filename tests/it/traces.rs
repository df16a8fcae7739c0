//! The trace that a sender can write, and SQS refuses in any other form than its own.

use hookdock_pipeline::model::trace::Trace;
use proptest::prelude::*;

fn hex(digits: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[0-9a-f]{{{digits}}}")).expect("a pattern")
}

/// Pieces of headers, right and nearly right.
const PIECES: &str = "((Root|Parent|Sampled|Self)?=?\
    (1-[0-9a-f]{8}-[0-9a-f]{23,25}|[0-9a-f]{16}|[01]|.{0,9});?){0,4}";

proptest! {
    #[test]
    fn what_x_ray_writes_is_passed_on_whatever_else_is_in_the_header(
        time in hex(8), random in hex(24), parent in hex(16), sampled in "[01]",
        other in "[A-Z][a-z]{0,3}=[a-z0-9:|]{0,20}",
    ) {
        let header = format!("Root=1-{time}-{random};Parent={parent};Sampled={sampled}");
        let trace = Trace::read(&format!("{header};{other}"));
        prop_assert_eq!(trace.as_ref().map(Trace::as_str), Some(header.as_str()));
    }

    #[test]
    fn what_is_passed_on_is_read_again_as_itself_and_has_no_other_character(header in PIECES) {
        if let Some(trace) = Trace::read(&header) {
            let text = trace.as_str();
            prop_assert_eq!(Trace::read(text), Some(trace.clone()));
            prop_assert!(text.starts_with("Root=1-"), "{}", text);
            prop_assert!(
                text.chars().all(|c| c.is_ascii_alphanumeric() || "=-;".contains(c)), "{}", text
            );
        }
    }
}
