//! The base addresses of the platform: what may be written, and what was meant when it may not.

use super::mistake::{BaseFault, MistakeKind};
use super::section::Wrong;
use coze_auth::Region;
use url::{Host, Url};

/// Reads a base address for `key` (`api_base`, `www_base`, `ws_base`): a scheme of `schemes`, a host, nothing behind.
pub(super) fn parse(text: &str, key: &str, schemes: &[&str]) -> Result<Url, Wrong> {
    // A password may stand in it, so what is shown has none.
    let shown = without_credentials(text);
    let invalid = |fault| MistakeKind::InvalidBase {
        value: shown.clone(),
        fault,
    };
    let first = schemes.first().copied().unwrap_or("https");
    let Some(url) = Url::parse(text).ok().filter(Url::has_host) else {
        let guess = format!("{first}://{shown}");
        return Err(match Url::parse(&guess) {
            Ok(url) if !text.contains("://") && !text.contains('@') && url.has_host() => {
                Wrong::suggesting(invalid(BaseFault::NotAUrl), guess)
            }
            _ => invalid(BaseFault::NotAUrl).into(),
        });
    };
    if !schemes.contains(&url.scheme()) {
        return Err(invalid(BaseFault::Scheme).into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(BaseFault::Credentials).into());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let meant = url.origin().ascii_serialization();
        return Err(Wrong::suggesting(invalid(BaseFault::PathOrQuery), meant));
    }
    if key == "api_base" {
        let meant = match url.host_str() {
            Some("www.coze.cn" | "coze.cn") => Some("https://api.coze.cn"),
            Some("www.coze.com" | "coze.com") => Some("https://api.coze.com"),
            _ => None,
        };
        if let Some(meant) = meant {
            return Err(Wrong::suggesting(invalid(BaseFault::Console), meant));
        }
    }
    Ok(url)
}

/// Reads the address of a script: `https://`, or `http://` of a host in one's own network; never with a name or password.
pub(super) fn parse_script(text: &str) -> Result<Url, Wrong> {
    let is_script = |url: &Url| {
        url.has_host()
            && matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() != "/"
            && url.fragment().is_none()
    };
    Url::parse(text).ok().filter(is_script).ok_or_else(|| {
        MistakeKind::InvalidScript {
            value: without_credentials(text),
        }
        .into()
    })
}

/// Reads how visitors reach us: `https://host[:port]`; `http://` only for this very machine, to try it out.
pub(super) fn parse_public(text: &str) -> Result<Url, Wrong> {
    let url = parse(text, "", &["https", "http"])?;
    match plain_host(&url) {
        Some(_) => {
            let meant = text.replacen("http://", "https://", 1);
            Err(Wrong::suggesting(
                MistakeKind::PublicUrlPlain { value: text.to_owned() },
                meant,
            ))
        }
        None => Ok(url),
    }
}

/// Returns the host when what we send there would travel unencrypted to another machine.
pub(super) fn plain_host(url: &Url) -> Option<String> {
    let stays_here = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_plain = matches!(url.scheme(), "http" | "ws");
    (is_plain && !stays_here).then(|| url.host_str().unwrap_or_default().to_owned())
}

/// Returns the region that an official address of any of the three kinds belongs to.
pub(super) fn official_region(url: &Url) -> Option<Region> {
    match url.host_str()? {
        "api.coze.cn" | "www.coze.cn" | "ws.coze.cn" => Some(Region::China),
        "api.coze.com" | "www.coze.com" | "ws.coze.com" => Some(Region::International),
        _ => None,
    }
}

/// Returns an address as it may be shown: without a name and password, also where it is none.
pub(super) fn without_credentials(text: &str) -> String {
    let start = text.find("://").map_or(0, |scheme| scheme + 3);
    match (
        text.get(..start),
        text.rfind('@').and_then(|at| text.get(at.max(start)..)),
    ) {
        (Some(scheme), Some(rest)) if rest.starts_with('@') => format!("{scheme}***{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_base_is_not_shown() {
        for text in [
            "https://me:canary@api.coze.cn",
            "https://canary@",
            "me:canary@api.coze.cn",
            "ftp://me:canary@api.coze.cn@x",
        ] {
            let wrong = parse(text, "api_base", &["https", "http"]).err().unwrap();

            let shown = format!("{:?} {:?}", wrong.kind, wrong.suggestion);
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn only_what_leaves_this_machine_unencrypted_is_named() {
        let plain = |text: &str| plain_host(&Url::parse(text).unwrap());

        assert_eq!(plain("http://api.example.com"), Some("api.example.com".to_owned()));
        assert_eq!(plain("http://127.0.0.1:9"), None);
        assert_eq!(plain("http://localhost:9"), None);
        assert_eq!(plain("https://api.coze.cn"), None);
    }
}
