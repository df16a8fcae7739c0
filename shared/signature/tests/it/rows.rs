//! Tables of changes.

use hookdock_signature::Rejection;

use crate::support::{Case, case, check};

pub(crate) type Change = fn(&mut Case);
pub(crate) type Row = (&'static str, &'static str, Change, Result<&'static str, Rejection>);

/// One change per row, and the reason it must give.
#[track_caller]
pub(crate) fn check_all(rows: Vec<Row>) {
    for (name, id, change, expected) in rows {
        let mut case = case(id);
        change(&mut case);
        check(name, &case, &expected);
    }
}

pub(crate) fn missing(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::MissingHeader { name: name.to_owned() })
}

pub(crate) fn repeated(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::RepeatedHeader { name: name.to_owned() })
}

pub(crate) fn malformed(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::MalformedHeader { name: name.to_owned() })
}

pub(crate) fn unknown(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::UnknownVersion { name: name.to_owned() })
}

pub(crate) const MISMATCH: Result<&str, Rejection> = Err(Rejection::Mismatch);

pub(crate) fn swap(case: &mut Case, name: &str, from: &str, to: &str) {
    let value = case.header(name).replace(from, to);
    case.set(name, &value);
}

pub(crate) fn cut(case: &mut Case, name: &str, front: usize, back: usize) {
    let value = case.header(name).to_owned();
    case.set(name, value.get(front..value.len() - back).unwrap());
}

pub(crate) fn again(case: &mut Case, name: &str) {
    let value = case.header(name).to_owned();
    case.add(name, &value);
}
