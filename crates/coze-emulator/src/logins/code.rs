//! Keeps questions until they are answered, and redeems codes once (protocol 3.1, RFC 6749 section 4.1).

use super::book::Logins;
use super::question::{Code, Question};

/// How long a question waits for its answer, in seconds. Invented.
const QUESTION_SECONDS: i64 = 600;
/// Life of a code in seconds; RFC 6749 section 4.1.2 wants ten minutes at most. Invented.
const CODE_SECONDS: i64 = 300;

/// What a client shows to redeem a code.
#[derive(Debug)]
pub(crate) struct CodeClaim<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: Option<&'a str>,
}

/// Which part of the claim does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadCode {
    /// Unknown, expired, or another app's.
    Code,
    /// Redeemed before. Tells which login it had bought, and the access token to end where the policy says so.
    Spent {
        login: u64,
        void: Option<String>,
    },
    RedirectUri,
    Verifier,
}

impl Logins {
    /// Keeps a question until it is answered under `key`.
    pub(crate) fn ask(&self, key: String, question: Question) {
        let mut book = self.book();
        let now = question.asked_at;
        book.questions
            .retain(|_, question| question.asked_at + QUESTION_SECONDS > now);
        book.questions.insert(key, question);
    }

    pub(crate) fn question(&self, key: &str, now: i64) -> Option<Question> {
        let book = self.book();
        let question = book.questions.get(key)?;
        (question.asked_at + QUESTION_SECONDS > now).then(|| question.clone())
    }

    /// Takes a question away to answer it: it is answered once.
    pub(crate) fn take_question(&self, key: &str, now: i64) -> Option<Question> {
        let question = self.book().questions.remove(key)?;
        (question.asked_at + QUESTION_SECONDS > now).then_some(question)
    }

    /// Lets `code` stand for the approved `question` from now on.
    pub(crate) fn grant_code(&self, code: String, question: Question, now: i64) {
        let expires_at = now.saturating_add(CODE_SECONDS);
        let mut book = self.book();
        // Spent codes stay as long as they might come again by mistake.
        book.codes.retain(|_, code| code.expires_at + QUESTION_SECONDS > now);
        let code_record = Code {
            question,
            expires_at,
            spent_on: None,
        };
        book.codes.insert(code, code_record);
    }

    /// Spends a code. It is bound to the app, the redirect URI and the verifier that it was made for, and used once
    /// (RFC 6749 section 4.1.3, RFC 7636 section 4.6); a claim that does not fit leaves it as it is. Returns the number
    /// of the login that begins.
    ///
    /// A verifier for a code without a challenge is refused as well: somebody may have removed the challenge on the way
    /// (RFC 9700 section 2.1.1).
    pub(crate) fn redeem(&self, claim: &CodeClaim<'_>, now: i64) -> Result<u64, BadCode> {
        let mut book = self.book();
        let book = &mut *book;
        let code = book.codes.get_mut(claim.code).ok_or(BadCode::Code)?;
        if code.question.client_id != claim.client_id {
            return Err(BadCode::Code);
        }
        if let Some(login) = code.spent_on {
            let revoke = book.policy.revoke_family_on_reuse;
            let void = revoke.then(|| book.logins.end(login)).flatten();
            return Err(BadCode::Spent { login, void });
        }
        if code.expires_at <= now {
            return Err(BadCode::Code);
        }
        if code.question.redirect_uri != claim.redirect_uri {
            return Err(BadCode::RedirectUri);
        }
        let proven = match (&code.question.challenge, claim.verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !proven {
            return Err(BadCode::Verifier);
        }
        let login = book.logins.begin(claim.client_id);
        code.spent_on = Some(login);
        Ok(login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logins::{Challenge, ConsentMode, RefreshPolicy};

    const CLAIM: CodeClaim<'_> = CodeClaim {
        client_id: "app",
        code: "code_x",
        redirect_uri: "http://127.0.0.1/a",
        verifier: Some("v"),
    };

    fn logins_with_a_code(challenge: Option<Challenge>) -> Logins {
        let logins = Logins::new(ConsentMode::Ask, RefreshPolicy::default());
        let question = Question {
            client_id: "app".to_owned(),
            redirect_uri: "http://127.0.0.1/a".to_owned(),
            state: String::new(),
            challenge,
            asked_at: 0,
        };
        logins.grant_code("code_x".to_owned(), question, 0);
        logins
    }

    fn plain() -> Challenge {
        Challenge::Plain("v".to_owned())
    }

    #[test]
    fn code_is_bound_to_everything_it_was_made_for() {
        let logins = logins_with_a_code(Some(plain()));
        for (claim, refusal) in [
            (
                CodeClaim {
                    client_id: "other",
                    ..CLAIM
                },
                BadCode::Code,
            ),
            (
                CodeClaim {
                    code: "code_y",
                    ..CLAIM
                },
                BadCode::Code,
            ),
            (
                CodeClaim {
                    redirect_uri: "http://127.0.0.1/a/",
                    ..CLAIM
                },
                BadCode::RedirectUri,
            ),
            (
                CodeClaim {
                    verifier: Some("w"),
                    ..CLAIM
                },
                BadCode::Verifier,
            ),
            (
                CodeClaim {
                    verifier: None,
                    ..CLAIM
                },
                BadCode::Verifier,
            ),
        ] {
            assert_eq!(logins.redeem(&claim, 1), Err(refusal), "{claim:?}");
        }

        assert_eq!(logins.redeem(&CLAIM, 1), Ok(1), "what did not fit has not spent it");
        let spent = BadCode::Spent { login: 1, void: None };
        assert_eq!(logins.redeem(&CLAIM, 2), Err(spent));
    }

    #[test]
    fn code_ends_after_five_minutes() {
        assert_eq!(
            logins_with_a_code(Some(plain())).redeem(&CLAIM, CODE_SECONDS),
            Err(BadCode::Code)
        );
        assert_eq!(
            logins_with_a_code(Some(plain())).redeem(&CLAIM, CODE_SECONDS - 1),
            Ok(1)
        );
    }

    #[test]
    fn verifier_without_a_challenge_is_a_downgrade() {
        assert_eq!(logins_with_a_code(None).redeem(&CLAIM, 1), Err(BadCode::Verifier));
    }

    #[test]
    fn question_is_answered_once_and_not_for_ever() {
        let logins = logins_with_a_code(None);
        let question = Question {
            client_id: "app".to_owned(),
            redirect_uri: String::new(),
            state: String::new(),
            challenge: None,
            asked_at: 0,
        };
        logins.ask("key".to_owned(), question.clone());

        assert!(logins.question("key", QUESTION_SECONDS).is_none());
        assert!(logins.take_question("key", 1).is_some());
        assert!(logins.take_question("key", 1).is_none());
    }
}
