//! `[log]`: what is written to stderr, and in which form.

use super::mistake::MistakeKind;
use super::section::Section;
use std::fmt;

/// `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// The form of every line.
    pub format: LogFormat,
    /// Whether a line is written for each request.
    pub access: AccessLog,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Whether a line is written for each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// No.
    #[default]
    Off,
    /// When it has ended.
    On,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

impl fmt::Display for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
        })
    }
}

impl LogConfig {
    pub(super) fn read(mut section: Section<'_, '_>) -> Self {
        let format = section.checked_or("format", LogFormat::default(), |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(MistakeKind::NotOneOf {
                value: other.to_owned(),
                allowed: &["text", "json"],
            }
            .into()),
        });
        let access = section.checked_or("access", AccessLog::default(), |text| match text {
            "off" => Ok(AccessLog::Off),
            "on" => Ok(AccessLog::On),
            other => Err(MistakeKind::NotOneOf {
                value: other.to_owned(),
                allowed: &["off", "on"],
            }
            .into()),
        });
        section.finish();
        Self { format, access }
    }
}
