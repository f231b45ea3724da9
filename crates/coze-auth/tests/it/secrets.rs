//! No secret reaches an error, a `Debug` output or a log line, even when the platform sends it back.
//!
//! Every test prints what it looked for, in the form that `cargo xtask bench lifecycle` reads. Its "good" ones are words that
//! have to be there: a text that says nothing hides everything.

use crate::keys::{pem, pkcs8_der, pkcs8_pem};
use crate::platform::Answer;
use crate::world::{NOW, World, builder, jwt_app, user};
use coze_auth::{
    App, AuthError, Callback, ClientSecret, Endpoints, MemoryStore, RefreshToken, Save, SigningKey, Subject,
    SystemRandom, TokenKey, TokenSet, TokenStore, WebApp,
};
use serde_json::json;
use std::cell::RefCell;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Once};
use url::Url;

/// Everything that an error can be made to say.
fn confession(error: &AuthError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(inner) = source {
        write!(text, " {inner} {inner:?}").unwrap();
        source = inner.source();
    }
    text
}

/// A search for secrets in texts, and for words that have to be there.
#[derive(Default)]
struct Search {
    looked_for: usize,
    found: Vec<String>,
    wanted: usize,
    missing: Vec<String>,
}

impl Search {
    /// Looks for the beginnings of secrets. A part of one would do as well: the first characters of each part of a JWT, the
    /// middle of a key.
    fn hides(&mut self, text: &str, secrets: &[&str]) {
        for secret in secrets {
            for part in secret.split('.').filter(|part| part.len() >= 12) {
                self.looked_for += 1;
                if text.contains(&part[..12]) {
                    self.found.push(format!("{} in {text}", &part[..12]));
                }
            }
        }
    }

    fn says(&mut self, text: &str, words: &[&str]) {
        for word in words {
            self.wanted += 1;
            if !text.contains(word) {
                self.missing.push(format!("no {word:?} in {text}"));
            }
        }
    }

    fn says_one_of(&mut self, text: &str, words: &[&str]) {
        let found = words.iter().find(|word| text.contains(**word));
        self.says(text, found.map_or(words, std::slice::from_ref));
    }

    fn end(&self, what: &str) {
        println!(
            "secrets in {what}: bad tried {} / let through {}; good tried {} / refused {}",
            self.looked_for,
            self.found.len(),
            self.wanted,
            self.missing.len()
        );
        assert!(self.looked_for > 0 && self.wanted > 0, "{what}: nothing was searched");
        assert!(
            self.found.is_empty() && self.missing.is_empty(),
            "{:#?} {:#?}",
            self.found,
            self.missing
        );
    }
}

thread_local! {
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to the log of the thread, if it keeps one.
struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.as_mut().map(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a test on one thread and returns all that was logged meanwhile, by our code and below it.
///
/// The subscriber is the whole program's, because `tracing` remembers per call site whether anybody listens, and may ask
/// the thread of another test for that.
async fn log_of(test: impl Future<Output = ()>) -> String {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| ThreadLog)
            .init();
    });
    LOG.set(Some(Vec::new()));
    test.await;
    String::from_utf8(LOG.take().unwrap()).unwrap()
}

#[tokio::test]
async fn platform_that_sends_our_assertion_back_does_not_get_it_into_an_error() {
    let world = World::start().await;
    world.platform.hold();
    let subject = Subject::app();
    let asking = world.tokens.access_token(&subject);
    let echo = async {
        world.platform.wait_until_asked(1).await;
        let assertion = world.platform.asked()[0].assertion().to_owned();
        let message = format!("cannot parse {assertion}");
        world
            .platform
            .next(Answer::refusal(401, &assertion, &message).with("x-tt-logid", "log-7"));
        world.platform.release();
        assertion
    };

    let (outcome, assertion) = tokio::join!(asking, echo);

    let mut search = Search::default();
    for error in [outcome.unwrap_err(), world.error(&subject).await] {
        search.hides(&confession(&error), &[&assertion]);
        search.says(
            &confession(&error),
            &["Coze refused to issue a token", "20261122000000ABCDEF"],
        );
    }
    search.end("errors of a platform that sends the assertion back");
}

#[tokio::test]
async fn answer_that_cannot_be_used_does_not_get_its_token_into_an_error() {
    let token = "czs_canary_canary_canary";
    let answers = [
        json!({ "access_token": token, "expires_in": "soon" }),
        json!({ "access_token": token, "expires_in": 0 }),
        json!({ "access_token": token, "expires_in": NOW.0 * 1_000 }),
        json!({ "access_token": format!("{token}\n"), "expires_in": 900 }),
        json!({ "access_token": token, "code": 4_100, "msg": "no" }),
        json!([token]),
    ];
    let reasons = &[
        "Coze refused",
        "the token endpoint at",
        "what answered at",
        "the new token ended",
    ];
    let mut search = Search::default();

    for body in answers {
        for status in [200, 401, 503] {
            let world = World::start().await;
            world.platform.next(Answer::json(status, &body));
            world.platform.next(Answer {
                status,
                headers: vec![],
                body: body.to_string() + "<html>",
            });

            let Err(first) = world.tokens.access_token(&Subject::app()).await else {
                panic!("{body} was taken");
            };
            world.advance(60);
            for error in [first, world.error(&Subject::app()).await] {
                search.hides(&confession(&error), &[token]);
                search.says_one_of(&error.original().to_string(), reasons);
            }
        }
    }
    search.end("errors of answers that cannot be used");
}

#[tokio::test]
async fn platform_that_sends_a_login_back_does_not_get_it_into_an_error() {
    let client_secret = "canary-client-secret";
    let app = |base: &Url| {
        App::Web(WebApp {
            client_id: "1.app.coze".to_owned(),
            client_secret: ClientSecret::new(client_secret),
            endpoints: Endpoints::from_api_base(base),
            workspace_id: None,
        })
    };
    let world = World::of(app, Arc::new(MemoryStore::default())).await;
    let mut search = Search::default();
    let echo = "bad canary-client-secret canary-refresh-token code_canary_canary";
    for message in ["invalid request: refresh_token of ", "something else about "] {
        let login = TokenSet {
            access_token: coze_auth::AccessToken::parse("czu_canary_canary").unwrap(),
            token_type: "Bearer".to_owned(),
            issued_at: NOW,
            expires_at: Some(NOW),
            refresh_token: Some(RefreshToken::parse("canary-refresh-token").unwrap()),
            refresh_expires_at: None,
        };
        world.tokens.import_login(&user(message), login).await.unwrap();
        world
            .platform
            .next(Answer::refusal(400, echo, &format!("{message}{echo}")));
        let error = world.error(&user(message)).await;
        search.hides(&confession(&error), &[client_secret, "canary-refresh-token"]);
        search.says_one_of(&error.to_string(), &["Coze refused", "log in"]);
    }
    let pending = world.tokens.begin_login("http://127.0.0.1:8081/callback").unwrap();
    let state = pending.state().expose().to_owned();
    let callback = Callback::parse(&format!("code=code_canary_canary&state={state}"));
    world.platform.next(Answer::refusal(400, echo, echo));
    let shown = format!("{pending:?} {callback:?}");

    let refused = world.tokens.finish_login(&user("a"), pending, &callback).await;

    search.hides(
        &confession(&refused.unwrap_err()),
        &[client_secret, "code_canary_canary"],
    );
    search.hides(&shown, &["code_canary_canary", &state]);
    search.says(&shown, &["PendingLogin", "Callback(..)"]);
    search.end("errors of a platform that sends the login back");
}

#[tokio::test]
async fn debug_output_of_every_type_is_silent() {
    let world = World::start().await;
    let token = world.token(&user("a")).await;
    let app = jwt_app(&world.platform.base);
    let coze_auth::App::Jwt(jwt_app) = &app else {
        panic!("a JWT app")
    };
    let assertion = jwt_app.assertion(&Subject::app(), NOW, &SystemRandom).unwrap();
    let client_secret = ClientSecret::new("canary-client-secret");
    let store = MemoryStore::default();
    let key = TokenKey {
        audience: String::new(),
        client_id: String::new(),
        tenant: None,
        subject: user("a"),
    };
    let token_set = TokenSet {
        access_token: coze_auth::AccessToken::parse("czs_canary_canary").unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: NOW,
        expires_at: None,
        refresh_token: Some(RefreshToken::parse("canary-refresh-token").unwrap()),
        refresh_expires_at: None,
    };
    let shown = format!("{token_set:?}");
    let save = Save {
        token_set: &token_set,
        expected: None,
        renew_at: None,
        lease: None,
    };
    store.save(&key, save).await.unwrap();
    let source = builder(app.clone(), &world.clock).build().unwrap();

    let text = format!(
        "{shown} {token:?} {app:?} {assertion:?} {client_secret:?} {store:?} {source:?} {:?}",
        world.tokens
    );

    let key_text = pkcs8_pem();
    let key_line = key_text.lines().nth(10).unwrap();
    let secrets = [
        "czs_canary_canary",
        "canary-client-secret",
        "canary-refresh-token",
        assertion.expose(),
        key_line,
    ];
    let mut search = Search::default();
    search.hides(&text, &secrets);
    search.says(&text, &["AccessToken(..)", "RefreshToken(..)", "ClientSecret(..)"]);
    search.end("Debug outputs");
    assert!(!text.contains(token.access_token().expose()), "{text}");
}

#[test]
fn damaged_key_does_not_get_into_its_error() {
    let good = pem("PRIVATE KEY", &pkcs8_der());
    let mut der = pkcs8_der();
    der[300] ^= 0xff;
    // What stands between the dashes is a label only if nothing was lost. With another block behind it, such a text still
    // has a beginning and an end.
    let chain = format!("{good}\n{}", pem("CERTIFICATE", &[0; 64]));
    let damaged = [
        pem("PRIVATE KEY", &der),
        chain.replacen("PRIVATE KEY-----", "", 1),
        chain.replacen("PRIVATE KEY-----\n", "", 1),
        chain.replacen("-----\n", "\n", 1),
        chain.replacen("-----\n", " ", 1),
    ];
    let mut search = Search::default();
    for text in &damaged {
        let error = SigningKey::parse(text).unwrap_err();

        let pieces: Vec<_> = good.lines().filter_map(|line| line.get(..16)).skip(1).collect();
        search.hides(&format!("{error} {error:?}"), &pieces);
        search.says(&error.to_string(), &["key"]);
    }
    search.end("the errors of damaged keys");
}

#[tokio::test]
async fn log_of_success_and_failure_names_neither_secret_nor_user() {
    let world = World::start().await;
    let subject = user("alice@example.com");

    let log = log_of(async {
        world.token(&subject).await;
        world.advance(900);
        world.platform.next(Answer::refusal(
            401,
            "invalid_client",
            "invalid jwt: kid not been registred",
        ));
        world.error(&subject).await;
    })
    .await;

    let asked = world.platform.asked();
    let mut search = Search::default();
    search.says(
        &log,
        &[
            "Renewed the access token of",
            "kid not been registred",
            "20261122000000ABCDEF",
        ],
    );
    search.hides(&log, &[asked[0].assertion(), asked[1].assertion()]);
    search.end("the log");
    assert!(!log.contains("czs_1") && !log.contains("alice"), "{log}");
}
