//! What a disk was made to do.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The disk that a folder is on, as the kernel counts for it.
pub(crate) struct Disk(Option<PathBuf>);

impl Disk {
    pub(crate) fn of(folder: &Path) -> Self {
        let device = fs::metadata(folder).expect("a folder").dev();
        // As glibc's `major` and `minor` take it apart.
        let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
        let minor = (device & 0xff) | (device >> 12 & !0xff);
        let statistics = PathBuf::from(format!("/sys/dev/block/{major}:{minor}/stat"));
        Self(Some(statistics).filter(|path| path.exists()))
    }

    /// How often it was told to make everything durable (kernel documentation, "block/stat", the
    /// 16th field). `None`: this kernel does not say.
    pub(crate) fn flushes(&self) -> Option<u64> {
        let statistics = fs::read_to_string(self.0.as_ref()?).ok()?;
        statistics.split_whitespace().nth(15)?.parse().ok()
    }
}
