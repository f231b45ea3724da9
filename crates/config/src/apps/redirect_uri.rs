//! Where the platform sends a person back to after the login.
//!
//! The platform compares it with the registered one character by character (protocol 3.1), so it is sent as it was
//! written, and a spelling that a URL library would change is refused here instead of over there.

use super::super::base_url;
use super::super::mistake::{MistakeKind, RedirectFault};
use super::super::notice::NoticeKind;
use super::super::place::Place;
use super::super::section::{Section, Wrong};
use super::super::settings::SettingValue;
use url::Url;

const KEY: &str = "redirect_uri";
/// Our own page on the auth service's usual address.
const DEFAULT: &str = "http://127.0.0.1:8081/callback";

/// Reads `redirect_uri`; our own page when nobody wrote one.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Url> {
    let (text, place) = section.text(KEY).unwrap_or((DEFAULT.to_owned(), Place::Default));
    let path = section.path_of(KEY);
    match parse(&text) {
        Ok(url) => {
            section.setting(KEY, &place, SettingValue::Text(text));
            if let Some(host) = base_url::plain_host(&url) {
                section
                    .checker
                    .notice(&place, &path, NoticeKind::PlainRedirect { host });
            }
            Some(url)
        }
        Err(Wrong { kind, suggestion }) => {
            section.checker.mistake_suggesting(&place, &path, kind, suggestion);
            None
        }
    }
}

fn parse(text: &str) -> Result<Url, Wrong> {
    let invalid = |fault| MistakeKind::InvalidRedirectUri {
        value: base_url::without_credentials(text),
        fault,
    };
    let Some(url) = Url::parse(text).ok().filter(Url::has_host) else {
        return Err(invalid(RedirectFault::NotAUrl).into());
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(RedirectFault::NotAUrl).into());
    }
    // RFC 6749 3.1.2: no fragment. A name and password would end up in the browser's history.
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(MistakeKind::InvalidRedirectUri {
            value: url.origin().ascii_serialization(),
            fault: RedirectFault::FragmentOrCredentials,
        }
        .into());
    }
    if url.as_str() != text {
        return Err(Wrong::suggesting(invalid(RedirectFault::Spelling), url.as_str()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_was_written() {
        for text in [
            DEFAULT,
            "https://shop.example/login?from=coze",
            "http://localhost:9000/",
        ] {
            assert_eq!(parse(text).map_err(|_| text).unwrap().as_str(), text);
        }
        for text in [
            "/callback",
            "myapp://callback",
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8081/callback#x",
            "https://me:canary@shop.example/",
            "HTTP://localhost/",
            "myapp://me:canary@x/",
            "HTTP://me:canary@localhost",
            "me:canary@localhost",
        ] {
            let wrong = parse(text).err().unwrap();
            assert!(
                !format!("{:?} {:?}", wrong.kind, wrong.suggestion).contains("canary"),
                "{text}"
            );
        }
    }
}
