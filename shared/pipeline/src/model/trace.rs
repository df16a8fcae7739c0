//! The trace that a request belongs to.

use crate::model::names::is_hex;

/// A field's name, and whether a value of it is well formed.
type Field = (&'static str, fn(&str) -> bool);

/// The fields that are passed on, in the order in which X-Ray writes them.
const FIELDS: [Field; 3] =
    [("Root", is_trace_id), ("Parent", is_segment_id), ("Sampled", is_decision)];

/// A trace in the form that SQS takes as `AWSTraceHeader`.
///
/// A sender can write the header `X-Amzn-Trace-Id`, so what Lambda hands on can be anything. SQS
/// takes only "a correctly formatted AWS X-Ray trace header string" (API reference, `SendMessage`,
/// `MessageSystemAttributes`, read 2026-11) and refuses the whole message otherwise, which would
/// be a 503 for the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace(String);

impl Trace {
    /// Reads a tracing header (AWS X-Ray developer guide, "Tracing header", read 2026-11):
    /// `Root` is needed, `Parent` and `Sampled` may follow. Other fields, such as the `Self` and
    /// `Lineage` that AWS's own services add, are left out. `None`: it has not that form.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let given: Vec<_> =
            header.split(';').filter_map(|field| field.trim().split_once('=')).collect();
        let mut kept = Vec::new();
        for (name, is_well_formed) in FIELDS {
            let mut values = given.iter().filter(|(given, _)| *given == name);
            match (values.next(), values.next()) {
                (Some((_, value)), None) if is_well_formed(value) => {
                    kept.push(format!("{name}={value}"));
                }
                (None, _) if name != "Root" => {}
                _ => return None,
            }
        }
        Some(Self(kept.join(";")))
    }

    /// The header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `1-`, the time in 8 hexadecimal digits, `-`, and 24 more.
fn is_trace_id(value: &str) -> bool {
    match value.split('-').collect::<Vec<_>>()[..] {
        ["1", time, random] => is_hex(time, 8) && is_hex(random, 24),
        _ => false,
    }
}

fn is_segment_id(value: &str) -> bool {
    is_hex(value, 16)
}

fn is_decision(value: &str) -> bool {
    matches!(value, "0" | "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn a_trace_is_passed_on_only_in_the_form_that_sqs_takes() {
        let sampled = format!("{ROOT};Sampled=1");
        let whole = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
        for (header, expected) in [
            (ROOT.to_owned(), Some(ROOT)),
            (sampled.clone(), Some(sampled.as_str())),
            (whole.clone(), Some(whole.as_str())),
            // As Lambda hands it on, with a field of its own, and as a load balancer writes it.
            (format!("{whole};Lineage=a87bd80c:1|68fd508a:5"), Some(whole.as_str())),
            (format!("Self=1-67891234-12456789abcdef012345678;{ROOT}"), Some(ROOT)),
            (format!("Sampled=1; {ROOT}"), Some(sampled.as_str())),
            // What a sender can write.
            (String::new(), None),
            ("Root=1-2-3".to_owned(), None),
            ("Sampled=1".to_owned(), None),
            (ROOT.to_uppercase(), None),
            (ROOT.replace("=1-", "=2-"), None),
            (ROOT.replace("bd86", "bd8g"), None),
            (format!("{ROOT}0"), None),
            (format!("{ROOT}\u{0}"), None),
            (format!("{ROOT};Parent=53995c3f42cd8ad"), None),
            (format!("{ROOT};Sampled=yes"), None),
            (format!("{ROOT},{ROOT}"), None),
            (format!("{ROOT};{ROOT}"), None),
        ] {
            let read = Trace::read(&header);
            assert_eq!(read.as_ref().map(Trace::as_str), expected, "{header:?}");
        }
    }
}
