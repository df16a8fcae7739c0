//! The samples are built into the tool; a new one has to be noticed.

fn main() {
    println!("cargo::rerun-if-changed=../shared/signature/samples");
}
