//! Points in time, as people note them.

use super::super::mistake::MistakeKind;
use super::super::section::Section;
use super::super::settings::SettingValue;
use super::super::tree::{Node, Shape, Value};
use coze_auth::UnixSeconds;

/// A point in time: TOML's date or date-time, RFC 3339 text, or Unix seconds. A bare date is its first second in UTC.
pub(super) fn read(section: &mut Section<'_, '_>, key: &'static str, node: Node) -> Option<UnixSeconds> {
    let text = match node.value {
        Value::Number(seconds) => {
            section.setting(key, &node.place, SettingValue::Text(seconds.to_string()));
            return Some(UnixSeconds(seconds));
        }
        Value::Text(text) | Value::Moment(text) => text.trim().to_owned(),
        other => {
            section.wrong_shape(key, &node.place, Shape::Moment, &other);
            return None;
        }
    };
    let midnight = format!("{text}T00:00:00Z");
    let moment = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| midnight.parse::<jiff::Timestamp>())
        .ok();
    let seconds = moment.map(jiff::Timestamp::as_second).or_else(|| text.parse().ok());
    if seconds.is_none() {
        section.mistake(key, &node.place, MistakeKind::InvalidMoment { value: text.clone() });
    }
    section.setting(key, &node.place, SettingValue::Text(text));
    seconds.map(UnixSeconds)
}
