//! The addresses of an app's platform: by region, by its API base, or each by hand.

use super::super::base_url;
use super::super::dialect::Dialect;
use super::super::mistake::MistakeKind;
use super::super::notice::NoticeKind;
use super::super::place::Place;
use super::super::section::Section;
use super::super::settings::SettingValue;
use coze_auth::{Endpoints, Region};
use url::Url;

/// The addresses: by region, or by the API's base with the other two derived (protocol 1.2).
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Endpoints> {
    let has_both = section.has("region") && section.has("api_base");
    if has_both {
        section.take("region");
        let place = section.take("api_base").map(|node| node.key_place)?;
        section.mistake("api_base", &place, MistakeKind::RegionAndBase);
    }
    let www_base = read_base(section, "www_base", &["https", "http"]);
    let ws_base = read_base(section, "ws_base", &["wss", "ws"]);
    let is_said = has_both || section.has("api_base") || section.has("region");
    let api_base = read_base(section, "api_base", &["https", "http"]);
    let region = section.checked("region", |text| match text {
        "cn" | "com" => Ok(text.to_owned()),
        other => Err(MistakeKind::NotOneOf {
            value: other.to_owned(),
            allowed: &["cn", "com"],
        }
        .into()),
    });
    let derived = match (&api_base, region.as_deref()) {
        (Some((api_base, _)), _) => Endpoints::from_api_base(api_base),
        (None, Some("cn")) => Region::China.endpoints(),
        (None, Some(_)) => Region::International.endpoints(),
        (None, None) => {
            // A wrong one has been named already.
            if !is_said {
                region_unknown(section, www_base.as_ref().map(|(url, _)| url));
            }
            return None;
        }
    };
    for (key, base) in [("www_base", &www_base), ("ws_base", &ws_base)] {
        if let Some((url, place)) = base {
            refuse_mixed_regions(section, key, place, &derived, url);
        }
    }
    let derived_from = api_base.as_ref().map_or(Place::Default, |(_, place)| place.clone());
    let mut choose = |key: &str, written: Option<(Url, Place)>, derived: Url| {
        let (url, place) = written.unwrap_or((derived, derived_from.clone()));
        section.setting(key, &place, SettingValue::Text(url.to_string()));
        url
    };
    Some(Endpoints {
        api_base: choose("api_base", api_base, derived.api_base),
        www_base: choose("www_base", www_base, derived.www_base),
        ws_base: choose("ws_base", ws_base, derived.ws_base),
    })
}

fn read_base(section: &mut Section<'_, '_>, key: &'static str, schemes: &[&str]) -> Option<(Url, Place)> {
    let (text, place) = section.text(key)?;
    match base_url::parse(&text, key, schemes) {
        Ok(url) => {
            if let Some(host) = base_url::plain_host(&url) {
                let path = section.path_of(key);
                section.checker.notice(&place, &path, NoticeKind::PlainHttp { host });
            }
            Some((url, place))
        }
        Err(wrong) => {
            let path = section.path_of(key);
            section
                .checker
                .mistake_suggesting(&place, &path, wrong.kind, wrong.suggestion);
            None
        }
    }
}

/// Nothing says which platform is meant. The console's address, when it is there, tells what to write.
fn region_unknown(section: &mut Section<'_, '_>, www_base: Option<&Url>) {
    let place = section.place().clone();
    let twin = www_base.and_then(Url::host_str).and_then(|host| match host {
        "www.coze.cn" => Some("https://api.coze.cn".to_owned()),
        "www.coze.com" => Some("https://api.coze.com".to_owned()),
        _ => None,
    });
    let key = if section.checker.dialect == Dialect::Toml {
        "region"
    } else {
        "api_base"
    };
    let path = section.path_of(key);
    section
        .checker
        .mistake_suggesting(&place, &path, MistakeKind::RegionUnknown, twin);
}

/// Accounts, apps and tokens of the two regions are strangers to each other (protocol 1.1).
fn refuse_mixed_regions(section: &mut Section<'_, '_>, key: &str, place: &Place, api: &Endpoints, other: &Url) {
    let region = base_url::official_region(&api.api_base);
    let other_region = base_url::official_region(other);
    if region.is_some() && other_region.is_some() && region != other_region {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        let kind = MistakeKind::RegionsMixed {
            api_host: host(&api.api_base),
            other_host: host(other),
        };
        section.mistake(key, place, kind);
    }
}
