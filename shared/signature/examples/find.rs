//! Looks providers up, so that the cost can be measured: with one id it is what a cold
//! start pays, without any it is what parsing the whole catalogue would cost.
//!
//! ```console
//! $ cargo build --release -p hookdock-signature --example find
//! $ valgrind --tool=callgrind target/release/examples/find github
//! ```

use std::error::Error;
use std::io::Write as _;

use hookdock_signature::catalog;

fn main() -> Result<(), Box<dyn Error>> {
    let mut ids: Vec<String> = std::env::args().skip(1).collect();
    if ids.is_empty() {
        ids = catalog::ids().map(str::to_owned).collect();
    }
    let found = ids.iter().filter_map(|id| catalog::find(id)).count();
    writeln!(std::io::stdout(), "{found} parsed")?;
    Ok(())
}
