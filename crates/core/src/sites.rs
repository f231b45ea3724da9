//! Sites in force: which page belongs to which app, and what the visitors of a site may do.
//!
//! In public mode every session and every handle belongs to a site of the configuration (`identity.md` B8). In local mode
//! there is one site without a name of its own: it holds what a page of another site may do on this machine.

use crate::addresses;
use crate::apps::{Apps, ServingApp};
use crate::caller::VisitorCookie;
use crate::guard::OriginList;
use crate::problem::ProblemKind;
use crate::telemetry::labels::PolicyOutcome;
use coze_auth::Scope;
use cozegate_config::{
    AllowedBots, Config, Credentials, MAIN_SITE, Mode, OwnershipMode, PageAuthority, PolicyMode, SiteConfig,
};
use cozegate_policy::{Bots, Denial, Enforcement, Group, GroupSet, SiteRules};
use cozegate_store::{Grade, HandleRecord};
use http::HeaderMap;
use http::header::ORIGIN;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same denial is logged.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Between the parts of a tenant; control characters are refused in names.
const TENANT_SEPARATOR: char = '\u{1e}';

/// The sites of one configuration.
#[derive(Debug)]
pub struct Sites {
    by_name: BTreeMap<Arc<str>, Arc<Site>>,
    /// The site for a request that comes from no page of a site: `main`, else the first by name.
    default: Option<Arc<Site>>,
    /// Our own pages, which belong to every site.
    own_pages: OriginList,
    mode: Mode,
}

/// One site.
#[derive(Debug)]
pub struct Site {
    pub name: Arc<str>,
    /// The app that serves it; `None` in local mode, where the caller chooses.
    app: Option<Arc<str>>,
    origins: OriginList,
    /// Whether a program that sends no `Origin` may open sessions.
    without_origin: bool,
    /// What a page of another site may do, in local mode.
    pages: PageAuthority,
    /// What its visitors may do.
    pub rules: SiteRules,
    /// When a denial of an operation was logged last, by reason.
    logged: Mutex<BTreeMap<(&'static str, &'static str), Instant>>,
    /// What its visitors' tokens are narrowed to, if the app is one whose tokens can be.
    pub token_scope: Option<Scope>,
}

impl Sites {
    /// The sites of `config`, whose listeners are reached at these addresses.
    pub fn new(config: &Config, listeners: [SocketAddr; 2]) -> Self {
        let sites: BTreeMap<Arc<str>, Arc<Site>> = match config.mode {
            Mode::Local => [Site::local(config)].into_iter().map(Site::by_name).collect(),
            Mode::Public => config
                .sites
                .values()
                .map(|site| Site::of(site, config))
                .map(Site::by_name)
                .collect(),
        };
        let default = sites.get(MAIN_SITE).or_else(|| sites.values().next());
        Self {
            default: default.map(Arc::clone),
            by_name: sites,
            own_pages: addresses::own_origins(config, listeners),
            mode: config.mode,
        }
    }

    /// The site for which a session is opened: that of the page at `origin`, which `named` has to agree with; else the
    /// named one; else the default.
    ///
    /// The guard has checked before that `origin` is listed.
    pub fn for_session(&self, origin: Option<&[u8]>, named: Option<&str>) -> Result<&Arc<Site>, ProblemKind> {
        let of_page = origin.and_then(|origin| self.of_origin(origin));
        if let Some(site) = of_page {
            let agrees = named.is_none_or(|named| *site.name == *named);
            return agrees.then_some(site).ok_or(ProblemKind::SiteMismatch);
        }
        let site = match named {
            Some(named) => self.by_name.get(named),
            None => self.default.as_ref(),
        };
        let site = site.ok_or(ProblemKind::SiteMismatch)?;
        if origin.is_some() || site.without_origin {
            Ok(site)
        } else {
            Err(ProblemKind::OriginNeeded)
        }
    }

    /// The site of a handle that comes back with a request from `origin`. A handle whose site, app or page is no longer
    /// configured is unknown; one that a page of another site shows is refused.
    pub fn for_handle(&self, record: &HandleRecord, origin: Option<&[u8]>) -> Result<&Arc<Site>, ProblemKind> {
        let site = self.site_of(record).ok_or(ProblemKind::HandleUnknown)?;
        if self.mode == Mode::Public {
            let of_page = origin.and_then(|origin| self.of_origin(origin));
            if of_page.is_some_and(|other| other.name != site.name) {
                return Err(ProblemKind::SiteMismatch);
            }
        }
        Ok(site)
    }

    /// The site of a handle, if its site, app and page are still configured. Running streams ask this after a reload.
    ///
    /// A handle of the other mode is unknown: what local mode trusts its owner with is not for a public gateway on the same
    /// store. So is one from before handles named their user, for which nothing could be pinned. Clients open a new session.
    pub fn site_of(&self, record: &HandleRecord) -> Option<&Arc<Site>> {
        let site = match (self.mode, record.grade) {
            (Mode::Local, Grade::Local | Grade::LocalPage) => self.default.as_ref(),
            (Mode::Public, Grade::Anonymous) => self.by_name.get(&record.site),
            (Mode::Local, Grade::Anonymous) | (Mode::Public, Grade::Local | Grade::LocalPage) => None,
        }
        .filter(|_| !record.user_id.is_empty())?;
        let has_app = site.app.as_ref().is_none_or(|app| *app == record.app);
        let opener = record.origin.as_deref();
        let has_page = opener.is_none_or(|origin| site.origins.contains(origin.as_bytes()));
        (has_app && has_page).then_some(site)
    }

    /// What a session may do that a page at `origin` opens, or a program without one. `is_paired`: the userscript that we
    /// served has shown its secret.
    pub fn grade(&self, origin: Option<&[u8]>, is_paired: bool) -> Grade {
        match self.mode {
            Mode::Public => Grade::Anonymous,
            Mode::Local => {
                let is_foreign = origin.is_some_and(|origin| !self.own_pages.contains(origin));
                if is_foreign && !is_paired {
                    Grade::LocalPage
                } else {
                    Grade::Local
                }
            }
        }
    }

    /// The origin of the requesting page, unless it is one of the gateway's own pages.
    pub fn foreign_page<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let origin = headers.get(ORIGIN)?;
        let is_foreign = !self.own_pages.contains(origin.as_bytes());
        origin.to_str().ok().filter(|_| is_foreign)
    }

    /// Every site with each app that serves it.
    pub fn with_apps<'a>(&'a self, apps: &'a Apps) -> impl Iterator<Item = (&'a Site, &'a ServingApp)> {
        self.by_name.values().flat_map(|site| {
            let serves = |app: &&Arc<ServingApp>| site.app.as_ref().is_none_or(|own| *own == app.name);
            apps.iter().filter(serves).map(move |app| (&**site, &**app))
        })
    }

    fn of_origin(&self, origin: &[u8]) -> Option<&Arc<Site>> {
        self.by_name.values().find(|site| site.origins.contains(origin))
    }
}

fn boxed(names: &[String]) -> Vec<Box<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}

fn body_bytes(config: &Config) -> usize {
    usize::try_from(config.visitors.body_bytes).unwrap_or(usize::MAX)
}

impl Site {
    fn of(site: &SiteConfig, config: &Config) -> Self {
        let bots = match &site.bots {
            AllowedBots::Any => Bots::Any,
            AllowedBots::Listed(ids) => Bots::Listed(ids.iter().copied().collect()),
        };
        let app = config.apps.get(&site.app);
        let narrows = app.is_some_and(|app| match &app.credentials {
            Credentials::Jwt { options, .. } => options.narrows_visitors,
            _ => false,
        });
        let listed = match &site.bots {
            AllowedBots::Any => Vec::new(),
            AllowedBots::Listed(ids) => ids.iter().map(ToString::to_string).collect(),
        };
        Self {
            name: site.name.as_str().into(),
            app: Some(site.app.as_str().into()),
            origins: site.origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            without_origin: site.without_origin,
            pages: PageAuthority::Chat,
            logged: Mutex::default(),
            token_scope: narrows
                .then(|| Scope::new(["Connector.botChat".to_owned()], listed))
                .flatten(),
            rules: SiteRules {
                allow: site.allow,
                bots,
                workflows: site.workflows.iter().copied().collect(),
                app_ids: site.app_ids.iter().copied().collect(),
                connectors: boxed(&site.connectors),
                members: site
                    .members
                    .iter()
                    .map(|(group, names)| (*group, boxed(names)))
                    .collect(),
                bot_fields: boxed(&site.bot_fields),
                policy: match site.policy {
                    PolicyMode::Enforce => Enforcement::Enforce,
                    PolicyMode::Report => Enforcement::Report,
                },
                ownership: match site.ownership {
                    OwnershipMode::Enforce => Enforcement::Enforce,
                    OwnershipMode::Observe => Enforcement::Report,
                },
                body_bytes: body_bytes(config),
            },
        }
    }

    /// What a page of another site may do in local mode: what can be given to visitors at all, with every bot.
    fn local(config: &Config) -> Self {
        let all: GroupSet = Group::ALL
            .iter()
            .copied()
            .filter(|group| group.may_be_given_to_visitors())
            .collect();
        Self {
            name: MAIN_SITE.into(),
            app: None,
            origins: addresses::foreign_origins(config),
            without_origin: true,
            pages: config.local.pages,
            logged: Mutex::default(),
            token_scope: None,
            rules: SiteRules {
                allow: all,
                bots: Bots::Any,
                body_bytes: body_bytes(config),
                ..SiteRules::default()
            },
        }
    }

    /// Logs what the policy denies: once a minute for each operation and reason, since a stranger can cause any number.
    pub fn log_denial(&self, operation: &'static str, denial: &Denial, outcome: PolicyOutcome) {
        let reason = denial.name();
        let now = Instant::now();
        {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            let last = logged.insert((operation, reason), now);
            if let Some(last) = last.filter(|last| now.duration_since(*last) < LOG_INTERVAL) {
                logged.insert((operation, reason), last);
                return;
            }
        }
        let site = &*self.name;
        let detail = denial.to_string();
        match outcome {
            PolicyOutcome::Refused => {
                tracing::warn!(site, operation, reason, detail, "The visitor policy refused a request");
            }
            PolicyOutcome::Reported => {
                tracing::warn!(
                    site,
                    operation,
                    reason,
                    detail,
                    "A request would be refused by the visitor policy"
                );
            }
        }
    }

    fn by_name(self) -> (Arc<str>, Arc<Self>) {
        (Arc::clone(&self.name), Arc::new(self))
    }

    /// Whether the policy refuses nothing to a handle of `grade`: that of the machine's owner, and of a page to which the
    /// owner gives everything.
    pub fn allows_everything(&self, grade: Grade) -> bool {
        match grade {
            Grade::Local => true,
            Grade::LocalPage => self.pages == PageAuthority::All,
            Grade::Anonymous => false,
        }
    }

    /// The app of a session at this site, where the request may name one.
    pub fn app<'a>(&self, apps: &'a Apps, named: Option<&str>) -> Result<&'a Arc<ServingApp>, ProblemKind> {
        let Some(own) = &self.app else {
            return apps.find(named).ok_or(ProblemKind::AppUnknown);
        };
        if named.is_some_and(|named| *named != **own) {
            return Err(ProblemKind::SiteMismatch);
        }
        apps.find(Some(own)).ok_or(ProblemKind::AppUnknown)
    }

    /// What separates the visitors of this site from those of any other: histories and cookies hang on it. The site `main`
    /// has the app's own, so that histories from before there were sites stay.
    pub fn tenant(&self, app: &ServingApp) -> String {
        if *self.name == *MAIN_SITE {
            app.tenant.clone()
        } else {
            format!("{}{TENANT_SEPARATOR}{}", app.tenant, self.name)
        }
    }

    /// The cookie that a visitor of this site is known by.
    pub fn visitor_cookie(&self, app: &ServingApp) -> VisitorCookie {
        VisitorCookie::for_tenant(&self.tenant(app))
    }
}
