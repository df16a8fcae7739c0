//! The reader of imports, on small trees that are made up.

use super::modules::{Crate, Files};

/// The circles of a crate whose root is `lib.rs`.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(circles(files), expected, "{files:#?}");
}

fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let owned = files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned()));
    Crate::read("lib.rs", &owned.collect::<Files>()).circles()
}

#[test]
fn a_tree_whose_arrows_point_one_way_has_no_circle() {
    check(
        &[
            ("lib.rs", "mod b; mod a; pub use a::A; pub use b::B;"),
            ("a.rs", "use crate::B; pub struct A(B);"),
            ("b.rs", "pub struct B;"),
        ],
        &[],
    );
}

#[test]
fn two_modules_that_import_each_other_are_a_circle() {
    check(
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "use super::a::A; pub struct B(Box<A>);"),
        ],
        &["a.rs -> b.rs (B) -> a.rs (A)"],
    );
}

#[test]
fn a_circle_of_three_is_named_by_its_shortest_way_with_every_arrow_below() {
    check(
        &[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::{B, b}; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B; pub fn b() {}"),
            ("c.rs", "use crate::{a::A, b::B as Other}; pub struct C;"),
        ],
        &["b.rs -> c.rs (C) -> b.rs (B)\n    \
           a.rs -> b.rs (B, b)\n    \
           b.rs -> c.rs (C)\n    \
           c.rs -> a.rs (A)\n    \
           c.rs -> b.rs (B)"],
    );
}

#[test]
fn a_path_in_the_text_or_in_a_macro_imports_as_a_use_line_does() {
    for path in [
        "fn a() { crate::b::b() }",
        "fn a(b: super::b::B) {}",
        "fn a() { println!(\"{}\", crate::b::b()) }",
        "use super::b; fn a() { b::b() }",
        "fn a() { use crate::b::B; }",
        "impl crate::b::B { fn a() {} }",
        "use crate::b::*;",
        "use crate::b::Made;",
    ] {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", &format!("{path} pub struct A;")),
            ("b.rs", "use crate::a::A; pub struct B; pub fn b() {} make!(Made);"),
        ];
        assert_eq!(circles(&files).len(), 1, "{path}");
    }
}

#[test]
fn what_a_parent_hands_on_is_an_import_of_the_child_that_defines_it() {
    for parent in ["pub use first::One;", "pub use first::*;", "pub(crate) use self::first::{One};"]
    {
        let parent = format!("mod first; mod second; {parent} pub use second::Two;");
        let second = "use super::One; use crate::room::One as Same; pub struct Two(One, Same);";
        check(
            &[
                ("lib.rs", "mod room;"),
                ("room/mod.rs", &parent),
                ("room/first.rs", "pub struct One;"),
                ("room/second.rs", second),
            ],
            &[],
        );
        check(
            &[
                ("lib.rs", "mod room;"),
                ("room/mod.rs", &parent),
                ("room/first.rs", "use crate::room::Two; pub struct One(Two);"),
                ("room/second.rs", second),
            ],
            &["room/first.rs -> room/second.rs (Two) -> room/first.rs (One)"],
        );
    }
}

#[test]
fn a_parent_imports_what_it_hands_on_once_it_uses_it_itself() {
    let child = ("room/child.rs", "use super::limit; pub struct Child;");
    let parent = "mod child; pub use child::Child; fn limit() {}";
    check(&[("lib.rs", "mod room;"), ("room/mod.rs", parent), child], &[]);
    let parent = &format!("{parent} fn new() -> Child {{}}");
    check(
        &[("lib.rs", "mod room;"), ("room/mod.rs", parent), child],
        &["room/child.rs -> room/mod.rs (limit) -> room/child.rs (Child)"],
    );
}

#[test]
fn a_function_that_is_named_as_its_module_is_found_in_it() {
    check(
        &[
            ("lib.rs", "mod sign; mod a; pub use sign::sign;"),
            ("sign.rs", "use crate::a::A; pub fn sign() {}"),
            ("a.rs", "use crate::sign; pub struct A; fn a() { sign() }"),
        ],
        &["a.rs -> sign.rs (sign) -> a.rs (A)"],
    );
}

#[test]
fn rooms_are_a_circle_where_no_two_of_their_modules_are_one() {
    check(
        &[
            ("lib.rs", "mod one; mod two;"),
            ("one/mod.rs", "mod a; mod b; pub use a::A;"),
            ("one/a.rs", "use crate::two::D; pub struct A;"),
            ("one/b.rs", "pub struct B;"),
            ("two/mod.rs", "mod c; mod d; pub use d::D;"),
            ("two/c.rs", "use crate::one::b::B;"),
            ("two/d.rs", "pub struct D;"),
        ],
        &["one/ -> two/ (D) -> one/ (B)"],
    );
}

#[test]
fn what_is_built_for_tests_only_imports_nothing() {
    check(
        &[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            ("a.rs", "use crate::b::B; pub struct A; #[cfg(test)] mod tests { use super::B; }"),
            (
                "b.rs",
                "#[cfg(test)] use crate::a::A; pub struct B; \
                 impl B { #[cfg(test)] fn a() -> crate::a::A {} }",
            ),
        ],
        &[],
    );
}

#[test]
fn the_names_of_other_crates_are_no_modules() {
    check(
        &[
            ("lib.rs", "mod http; mod a;"),
            ("http.rs", "use http::Request; use ::http::Method; use crate::a::A; use hmac::hmac;"),
            ("a.rs", "use http::Uri; pub struct A; fn a() { hmac::hmac() }"),
        ],
        &[],
    );
}
