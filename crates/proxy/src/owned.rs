//! Ownership of the ids in one request, and what its answer teaches (`identity.md` A6, A7).
//!
//! A conversation, chat or file of another visitor is refused before the platform hears of it. A conversation that the
//! register does not know may be the visitor's own from before there was a register: the platform's list, asked with the
//! visitor's own token, decides.

use super::authenticated_caller::AuthenticatedCaller;
use super::body::Answer;
use super::policy::Gate;
use super::request;
use super::upload::Upload;
use super::upstream::Upstream;
use coze_auth::Subject;
use cozegate_core::api_path::ApiPath;
use cozegate_core::limits::Buffer;
use cozegate_core::ownership::{Owner, OwnershipRegister};
use cozegate_core::problem::{Problem, ProblemKind};
use cozegate_core::telemetry::labels::StoreUse;
use cozegate_core::telemetry::record::Record;
use cozegate_policy::Id;
use cozegate_policy::ownership::{self, Kind, Learned};
use cozegate_policy::{Bots, Learns, filter};
use cozegate_store::{OwnedDigest, OwnedId};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use http::{Method, Request, Response, Uri};
use std::sync::Arc;

/// How many conversations a page of the platform's list holds at most (protocol 6.4).
const PAGE_SIZE: usize = 50;
/// How many pages are asked for.
const PAGES: usize = 2;
/// For how many bots of a site the platform is asked, where the request names none.
const MAX_BOTS: usize = 4;
/// A list of [`PAGE_SIZE`] conversations is shorter.
const LONGEST_LIST: usize = 1 << 20;

/// Refuses a request that names an id of another visitor.
pub(super) async fn check(
    gate: &Gate<'_>,
    caller: &AuthenticatedCaller<'_>,
    upstream: &Upstream,
    record: &mut Record,
) -> Result<(), Problem> {
    let facts = gate.facts();
    let Some(subject) = caller.subject().filter(|_| gate.owns()) else {
        return Ok(());
    };
    let conversation = facts.conversation_id.map(|id| (Kind::Conversation, id));
    let chat = facts.chat_id.map(|id| (Kind::Chat, id));
    let files = facts.file_ids.iter().map(|id| (Kind::File, *id));
    let named: Vec<(Kind, Id)> = conversation.into_iter().chain(chat).chain(files).collect();
    if named.is_empty() {
        return Ok(());
    }
    let register = &*caller.shared().ownership;
    let owner = register.owner(subject);
    let ids: Vec<OwnedId> = named.iter().map(|(kind, id)| register.entry(*kind, *id)).collect();
    let owners = match register.owners(&ids, &owner).await {
        Ok(owners) => owners,
        // Without the store the platform alone decides about conversations. Files it cannot be asked about.
        Err(error) if !named.iter().any(|(kind, _)| *kind == Kind::File) => {
            caller.shared().store_problem(StoreUse::Ownership, &error);
            vec![Owner::Unknown; named.len()]
        }
        Err(error) => return Err(caller.shared().store_problem(StoreUse::Ownership, &error)),
    };
    for (((kind, _), id), found) in named.iter().zip(ids).zip(owners) {
        let is_own = match (kind, found) {
            (_, Owner::Own) => true,
            (_, Owner::Other) | (Kind::File, Owner::Unknown) => false,
            // Known chats of others are refused; of an unknown one the conversation, which is checked, decides.
            (Kind::Chat, Owner::Unknown) => facts.conversation_id.is_some(),
            (Kind::Conversation, Owner::Unknown) => {
                Box::pin(is_on_the_platforms_list(&id, &owner, gate, caller, upstream, record)).await?
            }
        };
        if !is_own {
            gate.refuse_id(match kind {
                Kind::Conversation => "conversation_id",
                Kind::Chat => "chat_id",
                Kind::File => "file_id",
            })?;
        }
    }
    Ok(())
}

/// Asks the platform for the visitor's conversations, learns all of them, and says whether `id` is one.
async fn is_on_the_platforms_list(
    id: &OwnedId,
    owner: &OwnedDigest,
    gate: &Gate<'_>,
    caller: &AuthenticatedCaller<'_>,
    upstream: &Upstream,
    record: &mut Record,
) -> Result<bool, Problem> {
    let register = &*caller.shared().ownership;
    let lookups = register.lookups_of(owner);
    let _turn = lookups.turn.lock().await;
    // The question before this one may have found it.
    if register.known_owner(id) == Some(*owner) {
        return Ok(true);
    }
    if !lookups.begin(id) {
        return Ok(false);
    }
    let bots: Vec<Id> = match (gate.facts().bot_id, &gate.site().rules.bots) {
        (Some(bot), _) => vec![bot],
        (None, Bots::Listed(ids)) => ids.iter().take(MAX_BOTS).collect(),
        (None, Bots::Any) => Vec::new(),
    };
    for bot in bots {
        for connector in &gate.site().rules.connectors {
            for page in 1..=PAGES {
                let target = format!(
                    "/v1/conversations?bot_id={bot}&connector_id={connector}&page_num={page}&page_size={PAGE_SIZE}"
                );
                let found = conversations(&target, caller, upstream, record).await?;
                let is_last = found.len() < PAGE_SIZE;
                let found = entries(register, &found);
                register.learn(&found, *owner).await;
                // The register has the last word: another visitor may have been first.
                if found.contains(id) {
                    return Ok(register.known_owner(id) == Some(*owner));
                }
                if is_last {
                    break;
                }
            }
        }
    }
    lookups.remember_absent(id);
    Ok(false)
}

async fn conversations(
    target: &str,
    caller: &AuthenticatedCaller<'_>,
    upstream: &Upstream,
    record: &mut Record,
) -> Result<Vec<Learned>, Problem> {
    let mut head = Request::new(()).into_parts().0;
    head.method = Method::GET;
    head.uri = target
        .parse::<Uri>()
        .map_err(|error| Problem::with_inside(ProblemKind::Internal, error))?;
    let path = ApiPath::of(head.uri.path());
    request::prepare(&mut head, path, upstream.target(), &[])?;
    let request = Box::new(Request::from_parts(head, Upload::empty()));
    let answer = caller.exchange(upstream, request, record).await?;
    let body = answer.into_body().read_ahead(LONGEST_LIST, upstream.buffer()).await?;
    let text = body.whole().unwrap_or_default();
    Ok(ownership::learn_from_answer(Learns::Conversations, text))
}

fn entries(register: &OwnershipRegister, learned: &[Learned]) -> Vec<OwnedId> {
    learned
        .iter()
        .map(|learned| register.entry(learned.kind, learned.id))
        .collect()
}

/// Filters an answer that describes a bot, and teaches the register the ids that an answer gives to the visitor.
pub(super) async fn learn_and_filter(
    answer: Response<Answer>,
    gate: &Gate<'_>,
    caller: &AuthenticatedCaller<'_>,
    buffer: &Arc<Buffer>,
) -> Result<Response<Answer>, Problem> {
    let answer = if gate.filters() {
        filtered(answer, gate, buffer).await?
    } else {
        answer
    };
    let learns = gate.matched().and_then(|matched| matched.operation.learns());
    match (learns, caller.subject().filter(|_| gate.owns())) {
        (Some(learns), Some(subject)) => learned(answer, learns, subject, &caller.shared().ownership, buffer).await,
        _ => Ok(answer),
    }
}

/// An answer with the listed members alone. What cannot be filtered is withheld.
async fn filtered(
    answer: Response<Answer>,
    gate: &Gate<'_>,
    buffer: &Arc<Buffer>,
) -> Result<Response<Answer>, Problem> {
    let (mut head, body) = answer.into_parts();
    let log_id = head.headers.get("x-tt-logid").and_then(|id| id.to_str().ok());
    let withheld = || Problem {
        log_id: log_id.map(str::to_owned),
        ..ProblemKind::AnswerNotFiltered.into()
    };
    if head.headers.contains_key(CONTENT_ENCODING) {
        return Err(withheld());
    }
    let body = body.read_ahead(filter::MAX_ANSWER, buffer).await?;
    let text = body.whole().ok_or_else(withheld)?;
    let kept = filter::filter(head.status.as_u16(), text, &gate.site().rules.bot_fields).map_err(|_| withheld())?;
    let kept = bytes::Bytes::copy_from_slice(&kept);
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(kept.len()));
    Ok(Response::from_parts(head, Answer::from(kept)))
}

/// Reads the ids of an answer: of one that is there as a whole before it goes on, of a stream as its events pass.
async fn learned(
    answer: Response<Answer>,
    learns: Learns,
    subject: &Subject,
    register: &Arc<OwnershipRegister>,
    buffer: &Arc<Buffer>,
) -> Result<Response<Answer>, Problem> {
    let owner = register.owner(subject);
    let (head, body) = answer.into_parts();
    let body = if body.is_event_stream() {
        let register = Arc::clone(register);
        body.tapped(move |learned| {
            let ids = entries(&register, learned);
            register.learn_meanwhile(&ids, owner);
        })
    } else {
        let body = body.read_ahead(ownership::MAX_ANSWER, buffer).await?;
        if let Some(text) = body.whole() {
            let found = ownership::learn_from_answer(learns, text);
            register.learn(&entries(register, &found), owner).await;
        }
        body
    };
    Ok(Response::from_parts(head, body))
}
