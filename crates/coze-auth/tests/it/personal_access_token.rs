//! A fixed token behind the same door.

use crate::world::{NOW, builder, text, user};
use coze_auth::{AccessToken, App, AuthError, ManualClock, Region, Subject, TokenSource, UnixSeconds};
use std::time::Duration;

fn fixed(expires_at: Option<UnixSeconds>, clock: &ManualClock) -> TokenSource {
    let app = App::PersonalAccessToken {
        token: AccessToken::parse("pat_fixed").unwrap(),
        endpoints: Region::China.endpoints(),
        expires_at,
    };
    builder(app, clock).build().unwrap()
}

#[tokio::test]
async fn everybody_gets_the_same_token_without_a_request() {
    let tokens = fixed(None, &ManualClock::new(NOW));

    let token = tokens.access_token(&user("a")).await.unwrap();

    assert_eq!(
        (text(&token).as_str(), token.token_type(), token.expires_at()),
        ("pat_fixed", "Bearer", None)
    );
    assert_eq!(text(&tokens.ready_token(&Subject::app()).unwrap()), "pat_fixed");
    assert!(!tokens.app().isolates_users());
}

#[tokio::test]
async fn token_is_served_until_its_noted_end() {
    let clock = ManualClock::new(NOW);
    let end = NOW + Duration::from_hours(24);
    let tokens = fixed(Some(end), &clock);

    clock.set(end - Duration::from_secs(1));
    assert!(tokens.access_token(&Subject::app()).await.is_ok());
    clock.set(end);

    let error = tokens.access_token(&Subject::app()).await.unwrap_err();
    assert!(matches!(error, AuthError::PersonalAccessTokenExpired { expires_at } if expires_at == end));
    assert!(tokens.ready_token(&Subject::app()).is_none());
}

#[tokio::test]
async fn refusal_of_a_fixed_token_changes_nothing() {
    let tokens = fixed(None, &ManualClock::new(NOW));
    let token = tokens.access_token(&Subject::app()).await.unwrap();

    tokens.refused(&Subject::app(), &token);

    assert!(tokens.ready_token(&Subject::app()).is_some());
}
