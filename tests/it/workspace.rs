//! What holds the workspace together.
