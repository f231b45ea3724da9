//! Bots: lists and configuration (protocol 6.8; field names as cozepy 0.20 and @coze/api 1.3 read them).

use super::caller::Caller;
use super::chat_request::no_bot;
use super::extract::{Params, required};
use crate::accounts::{USER_ID, WORKSPACE_ID};
use crate::bots::{self, BOTS, Bot};
use crate::envelope::{ApiError, Data};
use crate::platform::Platform;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// When the demo bots were made and published, Unix seconds.
const BOT_TIME: i64 = 1_790_000_000;
const DEFAULT_PAGE: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct ListParams {
    workspace_id: Option<String>,
    publish_status: Option<String>,
    page_num: Option<usize>,
    page_size: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct BotPage {
    items: Vec<BotItem>,
    total: usize,
}

#[derive(Debug, Serialize)]
struct BotItem {
    id: &'static str,
    name: &'static str,
    icon_url: &'static str,
    description: &'static str,
    is_published: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<i64>,
    updated_at: i64,
    owner_user_id: &'static str,
    folder_id: &'static str,
}

/// `GET /v1/bots`: published ones unless `publish_status` asks for others. Without a workspace, those of the only one.
pub(super) async fn list(_: Caller, Params(params): Params<ListParams>) -> Result<Data<BotPage>, ApiError> {
    check_workspace("workspace_id", params.workspace_id.as_deref())?;
    let wanted: fn(&Bot) -> bool = match params.publish_status.as_deref().unwrap_or("published_online") {
        "all" => |_| true,
        "published_online" | "published_draft" => |bot| bot.published,
        "unpublished_draft" => |bot| !bot.published,
        _ => return Err(ApiError::parameter("publish_status is unknown")),
    };
    let all: Vec<&Bot> = BOTS.iter().filter(|bot| wanted(bot)).collect();
    let items = paged(&all, params.page_num, params.page_size).map(|bot| BotItem {
        id: bot.id,
        name: bot.name,
        icon_url: "",
        description: bot.description,
        is_published: bot.published,
        published_at: bot.published.then_some(BOT_TIME),
        updated_at: BOT_TIME,
        owner_user_id: USER_ID,
        folder_id: "",
    });
    Ok(Data(BotPage {
        items: items.collect(),
        total: all.len(),
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct SpaceParams {
    space_id: Option<String>,
    page_index: Option<usize>,
    page_size: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct SpaceBots {
    space_bots: Vec<SpaceBot>,
    total: usize,
}

#[derive(Debug, Serialize)]
struct SpaceBot {
    bot_id: &'static str,
    bot_name: &'static str,
    description: &'static str,
    icon_url: &'static str,
    /// A string (protocol 6.8).
    publish_time: String,
}

/// `GET /v1/space/published_bots_list` (deprecated)
pub(super) async fn published_in_space(
    _: Caller,
    Params(params): Params<SpaceParams>,
) -> Result<Data<SpaceBots>, ApiError> {
    check_workspace("space_id", Some(required("space_id", params.space_id.as_ref())?))?;
    let all: Vec<&Bot> = BOTS.iter().filter(|bot| bot.published).collect();
    let space_bots = paged(&all, params.page_index, params.page_size).map(|bot| SpaceBot {
        bot_id: bot.id,
        bot_name: bot.name,
        description: bot.description,
        icon_url: "",
        publish_time: BOT_TIME.to_string(),
    });
    Ok(Data(SpaceBots {
        space_bots: space_bots.collect(),
        total: all.len(),
    }))
}

/// The configuration of a bot. Of the lists that the demo bots leave empty, those are present that a client walks
/// through without asking whether they are there.
#[derive(Debug, Serialize)]
pub(super) struct BotConfig {
    bot_id: &'static str,
    name: &'static str,
    description: &'static str,
    icon_url: &'static str,
    create_time: i64,
    update_time: i64,
    version: String,
    prompt_info: Prompt,
    onboarding_info: Onboarding,
    bot_mode: u8,
    plugin_info_list: [(); 0],
    model_info: Model,
    knowledge: Knowledge,
    shortcut_commands: [(); 0],
    workflow_info_list: [(); 0],
    suggest_reply_info: SuggestReply,
    background_image_info: BackgroundImage,
    variables: [(); 0],
    owner_user_id: &'static str,
    voice_info_list: [(); 0],
    default_user_input_type: &'static str,
    folder_id: &'static str,
}

#[derive(Debug, Serialize)]
struct Prompt {
    prompt: &'static str,
}

#[derive(Debug, Serialize)]
struct Onboarding {
    prologue: &'static str,
    suggested_questions: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct Model {
    model_id: &'static str,
    model_name: &'static str,
}

#[derive(Debug, Serialize)]
struct Knowledge {
    knowledge_infos: [(); 0],
}

#[derive(Debug, Serialize)]
struct SuggestReply {
    reply_mode: &'static str,
    customized_prompt: &'static str,
}

#[derive(Debug, Serialize)]
struct BackgroundImage {}

impl From<&Bot> for BotConfig {
    fn from(bot: &Bot) -> Self {
        Self {
            bot_id: bot.id,
            name: bot.name,
            description: bot.description,
            icon_url: "",
            create_time: BOT_TIME,
            update_time: BOT_TIME,
            version: BOT_TIME.to_string(),
            prompt_info: Prompt {
                prompt: bot.description,
            },
            onboarding_info: Onboarding {
                prologue: bot.prologue,
                suggested_questions: bot.suggested_questions,
            },
            bot_mode: 0,
            plugin_info_list: [],
            model_info: Model {
                model_id: "1",
                model_name: "emulator",
            },
            knowledge: Knowledge { knowledge_infos: [] },
            shortcut_commands: [],
            workflow_info_list: [],
            suggest_reply_info: SuggestReply {
                reply_mode: "enable",
                customized_prompt: "",
            },
            background_image_info: BackgroundImage {},
            variables: [],
            owner_user_id: USER_ID,
            voice_info_list: [],
            default_user_input_type: "text",
            folder_id: "",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RetrieveParams {
    is_published: Option<bool>,
}

/// `GET /v1/bots/{bot_id}`: the published version unless `is_published=false`.
pub(super) async fn retrieve(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(bot_id): Path<String>,
    Params(params): Params<RetrieveParams>,
) -> Result<Data<BotConfig>, ApiError> {
    caller.may_use(&platform, &bot_id)?;
    let bot = bots::find(&bot_id).ok_or_else(|| no_bot(&bot_id))?;
    if params.is_published.unwrap_or(true) && !bot.published {
        return Err(ApiError::BotNotPublished);
    }
    Ok(Data(bot.into()))
}

#[derive(Debug, Deserialize)]
pub(super) struct OnlineInfoParams {
    bot_id: Option<String>,
}

/// `GET /v1/bot/get_online_info` (deprecated): the published version.
pub(super) async fn online_info(
    state: State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<OnlineInfoParams>,
) -> Result<Data<BotConfig>, ApiError> {
    let bot_id = required("bot_id", params.bot_id.as_ref())?.to_owned();
    retrieve(
        state,
        caller,
        Path(bot_id),
        Params(RetrieveParams { is_published: None }),
    )
    .await
}

fn paged<'a>(
    all: &'a [&'static Bot],
    page: Option<usize>,
    size: Option<usize>,
) -> impl Iterator<Item = &'static Bot> + use<'a> {
    let size = size.unwrap_or(DEFAULT_PAGE);
    let before = page.unwrap_or(1).saturating_sub(1).saturating_mul(size);
    all.iter().copied().skip(before).take(size)
}

fn check_workspace(name: &'static str, id: Option<&str>) -> Result<(), ApiError> {
    match id {
        Some(id) if !id.is_empty() && id != WORKSPACE_ID => Err(ApiError::NotFound {
            resource: name,
            id: id.to_owned(),
        }),
        _ => Ok(()),
    }
}
