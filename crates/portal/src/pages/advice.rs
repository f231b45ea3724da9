//! What a reader can do about a problem, where there is something that they can do on a page.
//!
//! A problem's own words say why it came; programs read them as well. This is for people who look at it in a browser: one
//! step, and a link where the step is a click.

use cozegate_core::problem::ProblemKind;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The id of its text.
    pub text: &'static str,
    /// Where a click leads: the address, and the id of what the link says.
    pub link: Option<(&'static str, &'static str)>,
}

/// The address of the page itself.
const AGAIN: Option<(&str, &str)> = Some(("", "advice-again"));
const LOGIN: Option<(&str, &str)> = Some(("/login", "advice-log-in-link"));

const ADVICE: [(ProblemKind, Advice); 23] = {
    use ProblemKind as Kind;
    const fn say(text: &'static str, link: Option<(&'static str, &'static str)>) -> Advice {
        Advice { text, link }
    }
    [
        (Kind::NoSuchEndpoint, say("advice-home", None)),
        (Kind::MethodNotAllowed, say("advice-home", None)),
        (Kind::HostNotAllowed, say("advice-host", None)),
        (Kind::OriginNotAllowed, say("advice-origin", None)),
        (Kind::CrossSite, say("advice-cross-site", AGAIN)),
        (Kind::AppUnknown, say("advice-app", None)),
        (Kind::LoginUnsupported, say("advice-app", None)),
        (Kind::LoginRequired, say("advice-log-in", LOGIN)),
        (Kind::LoginNotBegunHere, say("advice-log-in", LOGIN)),
        (Kind::LoginDenied, say("advice-log-in", LOGIN)),
        (Kind::LoginTooLate, say("advice-log-in", LOGIN)),
        (Kind::RedirectElsewhere, say("advice-redirect", None)),
        (Kind::TokenRefused, say("advice-token", None)),
        (Kind::CredentialRefused, say("advice-token", None)),
        (Kind::PersonalTokenEnded, say("advice-pat", None)),
        (Kind::TokenEndpointUnreachable, say("advice-network", AGAIN)),
        (Kind::UpstreamUnreachable, say("advice-network", AGAIN)),
        (Kind::RateLimited, say("advice-wait", AGAIN)),
        (Kind::StoreUnavailable, say("advice-wait", AGAIN)),
        (Kind::RenewalUnfinished, say("advice-wait", AGAIN)),
        (Kind::Stopping, say("advice-wait", AGAIN)),
        (Kind::LocalModeOnly, say("advice-local", None)),
        (Kind::Internal, say("advice-report", AGAIN)),
    ]
};

/// The step for a problem, where there is one.
pub fn advice(kind: ProblemKind) -> Option<Advice> {
    ADVICE
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cozegate_config::text::has_text;
    use std::collections::HashSet;

    #[test]
    fn every_advice_has_its_words_and_stands_once() {
        let kinds: HashSet<_> = ADVICE.iter().map(|(kind, _)| kind).collect();

        assert_eq!(kinds.len(), ADVICE.len());
        for (_, Advice { text, link }) in ADVICE {
            assert!(has_text(text), "{text}");
            assert!(link.is_none_or(|(_, label)| has_text(label)), "{link:?}");
        }
        assert_eq!(advice(ProblemKind::BodyTooLarge), None);
    }
}
