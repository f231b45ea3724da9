//! Routes of the auth service: the one table from which the router, the audiences, the labels of the metrics, the rows of
//! `docs/reference/http.md` and the walks of the tests are made.

use super::state::{Audience, Effect, Route};
use super::{assets, callback, health, login, metrics, page, scripts, session, sessions};
use axum::http::Method;
use axum::routing::{get, post};
use cozegate_core::telemetry::labels;

/// Every address with a handler. An address that is not listed does not exist.
pub static ROUTES: [Route; 17] = [
    Route {
        path: "/",
        methods: &[Method::GET],
        handler: || get(page::home),
        label: labels::Route::Home,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/assets/{*path}",
        methods: &[Method::GET],
        handler: || get(assets::serve),
        label: labels::Route::Assets,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/auth/session",
        methods: &[Method::POST],
        handler: || post(session::open),
        label: labels::Route::Session,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/callback",
        methods: &[Method::GET],
        handler: || get(callback::callback),
        label: labels::Route::Callback,
        audience: Audience::LocalOnly,
        effect: Effect::Callback,
    },
    Route {
        path: "/chat",
        methods: &[Method::GET],
        handler: || get(page::chat),
        label: labels::Route::ChatPage,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/cozegate.user.js",
        methods: &[Method::GET],
        handler: || get(scripts::userscript::serve),
        label: labels::Route::Assets,
        audience: Audience::LocalOnly,
        effect: Effect::None,
    },
    Route {
        path: "/device",
        methods: &[Method::GET],
        handler: || get(login::device::show),
        label: labels::Route::Device,
        audience: Audience::LocalOnly,
        effect: Effect::Login,
    },
    Route {
        path: "/embed.js",
        methods: &[Method::GET],
        handler: || get(scripts::embed),
        label: labels::Route::Assets,
        audience: Audience::Everyone,
        effect: Effect::None,
    },
    Route {
        path: "/embed/window.js",
        methods: &[Method::GET],
        handler: || get(scripts::window),
        label: labels::Route::Assets,
        audience: Audience::Everyone,
        effect: Effect::None,
    },
    Route {
        path: "/livez",
        methods: &[Method::GET],
        handler: || get(health::live),
        label: labels::Route::Health,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/login",
        methods: &[Method::GET],
        handler: || get(login::begin::login),
        label: labels::Route::Login,
        audience: Audience::LocalOnly,
        effect: Effect::Login,
    },
    Route {
        path: "/logout",
        methods: &[Method::GET, Method::POST],
        handler: || get(login::logout::show).post(login::logout::log_out),
        label: labels::Route::Logout,
        audience: Audience::LocalOnly,
        effect: Effect::None,
    },
    Route {
        path: "/metrics",
        methods: &[Method::GET],
        handler: || get(metrics::show),
        label: labels::Route::Metrics,
        audience: Audience::Operator,
        effect: Effect::None,
    },
    Route {
        path: "/playground",
        methods: &[Method::GET],
        handler: || get(page::playground),
        label: labels::Route::ChatPage,
        audience: Audience::LocalOnly,
        effect: Effect::None,
    },
    Route {
        path: "/playground/preview",
        methods: &[Method::GET],
        handler: || get(page::preview),
        label: labels::Route::ChatPage,
        audience: Audience::LocalOnly,
        effect: Effect::None,
    },
    Route {
        path: "/readyz",
        methods: &[Method::GET],
        handler: || get(health::ready),
        label: labels::Route::Health,
        audience: Audience::ListedOrigins,
        effect: Effect::None,
    },
    Route {
        path: "/sessions",
        methods: &[Method::GET, Method::POST],
        handler: || get(sessions::show).post(sessions::end),
        label: labels::Route::Sessions,
        audience: Audience::LocalOnly,
        effect: Effect::None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::path::Path;

    const BEGIN: &str = "<!-- made from crates/portal/src/routes.rs -->\n";
    const END: &str = "<!-- end -->\n";

    /// The rows of `docs/reference/http.md`.
    fn rows() -> String {
        let mut rows = "| address | methods | who may ask |\n|---|---|---|\n".to_owned();
        for route in &ROUTES {
            let methods: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
            let path = route.path.replace("{*path}", "*");
            let _ = writeln!(
                rows,
                "| `{path}` | {} | {} |",
                methods.join(", "),
                route.audience.name()
            );
        }
        rows
    }

    fn page() -> (std::path::PathBuf, String) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/http.md");
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    }

    #[test]
    fn reference_has_the_rows_of_the_table() {
        let (_, page) = page();

        assert!(
            page.contains(&format!("{BEGIN}{}{END}", rows())),
            "to write them anew: cargo test -p cozegate-portal -- --ignored write_the_rows"
        );
        for route in &ROUTES {
            let path = route.path.replace("{*path}", "*");
            for method in route.methods {
                assert!(
                    page.contains(&format!("`{method} {path}")),
                    "{method} {path} is not described"
                );
            }
        }
    }

    #[test]
    #[ignore = "writes the page"]
    fn write_the_rows() {
        let (path, page) = page();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        std::fs::write(path, format!("{before}{BEGIN}{}{END}{after}", rows())).unwrap();
    }

    #[test]
    fn handlers_answer_the_methods_that_the_table_states() {
        for route in &ROUTES {
            let handlers = format!("{:?}", (route.handler)());
            for (method, field) in [(Method::GET, "get: BoxedHandler"), (Method::POST, "post: BoxedHandler")] {
                assert_eq!(
                    route.methods.contains(&method),
                    handlers.contains(field),
                    "{} {method}",
                    route.path
                );
            }
        }
    }
}
