//! The type of an error that another library reports.

use std::error::Error;

/// Any error of another library.
pub type BoxError = Box<dyn Error + Send + Sync>;
