//! The `hookdock dev` that runs here: it says where its API is, and the commands find it.
//!
//! The file holds the API's token, so only its owner can read it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output;

/// The file in a folder of data.
const IN_DATA: &str = "dev.json";

/// What the file says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) version: u32,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// The files of a process that runs. They are gone when it ends.
#[derive(Debug)]
pub(crate) struct Announced(Vec<PathBuf>);

impl Running {
    /// Writes the files: one in the folder of the user's processes, and one in that of the data.
    pub(crate) fn announce(&self, runtime: Option<&Path>, data: Option<&Path>) -> Announced {
        let port = self.url.rsplit(':').next().unwrap_or_default();
        let mut announced = Announced(Vec::new());
        let here = folder(runtime).map(|folder| folder.join(format!("dev-{port}.json")));
        for file in here.into_iter().chain(data.map(|data| data.join(IN_DATA))) {
            match self.write(&file) {
                Ok(()) => announced.0.push(file),
                Err(error) => output::eprintln(&format!(
                    "hookdock: the commands will not find it by itself, for {} cannot be written: \
                     {error}",
                    file.display()
                )),
            }
        }
        announced
    }

    fn write(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        // An old file may have another mode, or be a link to somewhere else.
        drop(fs::remove_file(file));
        let mut open = OpenOptions::new();
        let mut written = open.write(true).create_new(true).mode(0o600).open(file)?;
        written.write_all(&serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// The process that has this data open, if one says so.
    pub(crate) fn over(data: &Path) -> Option<Self> {
        Self::read(&data.join(IN_DATA))
    }

    /// All processes of this user that say that they run.
    pub(crate) fn all(runtime: Option<&Path>) -> Vec<Self> {
        let files = folder(runtime).and_then(|folder| fs::read_dir(folder).ok());
        let files = files.into_iter().flatten().filter_map(Result::ok).map(|file| file.path());
        files.filter_map(|file| Self::read(&file)).collect()
    }

    fn read(file: &Path) -> Option<Self> {
        let read: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        (read.version == 1).then_some(read)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        for file in &self.0 {
            drop(fs::remove_file(file));
        }
    }
}

/// Where processes of this user say that they run: a folder that nobody else can write to.
fn folder(runtime: Option<&Path>) -> Option<PathBuf> {
    let home = || Some(std::env::home_dir()?.join(".cache"));
    Some(runtime.map(Path::to_owned).or_else(home)?.join("hookdock"))
}
