//! What a token source needs, what it defaults to, and which combinations are refused.

use crate::platform::Platform;
use crate::world::{jwt_app, pkce_app, text, user};
use coze_auth::{
    AccessToken, App, BuildError, Clock as _, InvalidPolicy, ManualClock, Policy, Region, SystemClock, TokenSource,
};
use std::time::Duration;
use url::Url;

fn unreachable() -> Url {
    Url::parse("http://127.0.0.1:0").unwrap()
}

fn refused(policy: Policy) -> BuildError {
    let refused = TokenSource::builder(jwt_app(&unreachable())).policy(policy).build();
    refused.unwrap_err()
}

#[tokio::test]
async fn app_alone_is_enough_to_get_and_keep_a_token() {
    let platform = Platform::start(&ManualClock::new(SystemClock.now())).await;
    let tokens = TokenSource::builder(jwt_app(&platform.base)).build().unwrap();

    let first = tokens.access_token(&user("a")).await.unwrap();
    let second = tokens.access_token(&user("a")).await.unwrap();

    assert_eq!(text(&first), text(&second));
    assert_eq!(platform.times_asked(), 1);
}

#[test]
fn source_outside_of_a_runtime_is_refused_by_name() {
    for app in [jwt_app(&unreachable()), pkce_app(&unreachable())] {
        let refused = TokenSource::builder(app).build().unwrap_err();

        assert!(matches!(refused, BuildError::NoRuntime), "{refused:?}");
    }
}

#[test]
fn runtime_that_is_set_is_enough_outside_of_one() {
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let built = TokenSource::builder(jwt_app(&unreachable()))
        .runtime(runtime.handle().clone())
        .build();

    assert!(built.is_ok(), "{built:?}");
}

#[test]
fn fixed_token_needs_neither_a_runtime_nor_a_client() {
    let app = App::PersonalAccessToken {
        token: AccessToken::parse("pat_fixed").unwrap(),
        endpoints: Region::China.endpoints(),
        expires_at: None,
    };

    let tokens = TokenSource::builder(app).build().unwrap();

    assert_eq!(text(&tokens.ready_token(&user("a")).unwrap()), "pat_fixed");
}

#[tokio::test]
async fn policy_that_cannot_be_followed_is_refused_by_name() {
    let window = Policy {
        renew_from_percent: 90,
        renew_until_percent: 80,
        ..Policy::default()
    };
    let beyond = Policy {
        renew_until_percent: 101,
        ..Policy::default()
    };
    let spinning = Policy {
        lease_poll: Duration::ZERO,
        ..Policy::default()
    };

    assert!(matches!(
        refused(window),
        BuildError::Policy(InvalidPolicy::RenewalWindow { from: 90, until: 80 })
    ));
    assert!(matches!(
        refused(beyond),
        BuildError::Policy(InvalidPolicy::RenewalWindow { from: 75, until: 101 })
    ));
    assert!(matches!(
        refused(spinning),
        BuildError::Policy(InvalidPolicy::ZeroDuration { field: "lease_poll" })
    ));
}
