//! Lists the catalogue, so that adding a provider is adding one file.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalog");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("catalog.rs"), table()?)?;
    Ok(())
}

fn table() -> Result<String, Box<dyn Error>> {
    let mut text = String::from("&[\n");
    for id in ids()? {
        writeln!(
            text,
            "    ({id:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/catalog/{id}.toml\"))),"
        )?;
    }
    text.push_str("]\n");
    Ok(text)
}

/// Sorted, because the table is searched by halves.
fn ids() -> Result<Vec<String>, Box<dyn Error>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml")
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            ids.push(stem.to_owned());
        }
    }
    ids.sort();
    Ok(ids)
}
