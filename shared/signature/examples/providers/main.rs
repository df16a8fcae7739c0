//! Prints PROVIDERS.md.

mod table;

use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    std::io::stdout().write_all(table::document()?.as_bytes())?;
    Ok(())
}
