//! The table: our crates from the bottom up, then the walls around libraries. A change here is a change of
//! ARCHITECTURE.md, section "Direction".

/// A crate of ours and what it may know of the others.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) name: &'static str,
    /// Crates of ours that it may depend on.
    pub(super) may_use: &'static [&'static str],
    /// Those of them that must be optional.
    pub(super) only_as_feature: &'static [&'static str],
    /// What its tests may use besides.
    pub(super) tests_may_use: &'static [&'static str],
    /// Why nothing else.
    pub(super) reason: &'static str,
}

/// A library that only some of our crates may know.
#[derive(Debug)]
pub(super) struct Wall {
    pub(super) libraries: &'static [&'static str],
    pub(super) inside: &'static [&'static str],
    /// Whether the tests of every crate may use it all the same.
    pub(super) tests_anywhere: bool,
    pub(super) reason: &'static str,
}

const EMULATOR: &[&str] = &["coze-emulator"];
const TEST_SUPPORT: &[&str] = &["cozegate-test-support"];
const TESTS: &[&str] = &["coze-emulator", "cozegate-test-support"];

pub(super) const OURS: &[Own] = &[
    Own {
        name: "coze-emulator",
        may_use: &[],
        only_as_feature: &[],
        tests_may_use: &[],
        reason: "a double of the platform that shared our types would agree with our mistakes",
    },
    Own {
        name: "coze-auth",
        may_use: &[],
        only_as_feature: &[],
        tests_may_use: EMULATOR,
        reason: "the token library stands alone: others use it without the service",
    },
    Own {
        name: "cozegate-policy",
        may_use: &[],
        only_as_feature: &[],
        tests_may_use: &[],
        reason: "a decision about a request is a function of its bytes: no IO, no clock, no store",
    },
    Own {
        name: "cozegate-store",
        may_use: &["coze-auth"],
        only_as_feature: &[],
        tests_may_use: EMULATOR,
        reason: "what rests in a database knows tokens, and nothing of HTTP above it",
    },
    Own {
        name: "cozegate-config",
        may_use: &["coze-auth", "cozegate-policy", "cozegate-store"],
        only_as_feature: &[],
        tests_may_use: TEST_SUPPORT,
        reason: "a checked configuration knows what is configured, and nothing of the services that run on it",
    },
    Own {
        name: "cozegate-core",
        may_use: &["coze-auth", "cozegate-config", "cozegate-policy", "cozegate-store"],
        only_as_feature: &[],
        tests_may_use: TEST_SUPPORT,
        reason: "what both listeners need knows neither of them",
    },
    Own {
        name: "cozegate-proxy",
        may_use: &[
            "coze-auth",
            "cozegate-config",
            "cozegate-core",
            "cozegate-policy",
            "cozegate-store",
        ],
        only_as_feature: &[],
        tests_may_use: TEST_SUPPORT,
        reason: "the proxy and the portal do not know each other",
    },
    Own {
        name: "cozegate-portal",
        may_use: &[
            "coze-auth",
            "cozegate-config",
            "cozegate-core",
            "cozegate-policy",
            "cozegate-store",
        ],
        only_as_feature: &[],
        tests_may_use: TEST_SUPPORT,
        reason: "the proxy and the portal do not know each other",
    },
    Own {
        name: "cozegate-gateway",
        may_use: &[
            "coze-auth",
            "cozegate-config",
            "cozegate-core",
            "cozegate-policy",
            "cozegate-portal",
            "cozegate-proxy",
            "cozegate-store",
        ],
        only_as_feature: &[],
        tests_may_use: TESTS,
        reason: "the services are used by the cli, never the other way round",
    },
    Own {
        name: "cozegate",
        may_use: &[
            "coze-auth",
            "cozegate-config",
            "cozegate-core",
            "cozegate-gateway",
            "cozegate-portal",
            "cozegate-store",
            "coze-emulator",
        ],
        only_as_feature: EMULATOR,
        tests_may_use: &[],
        reason: "the binary uses the libraries, and nothing of the tasks",
    },
    Own {
        name: "cozegate-test-support",
        may_use: &[],
        only_as_feature: &[],
        tests_may_use: &[],
        reason: "the tests of every crate may use it, so it knows none of them",
    },
    Own {
        name: "cozegate-bench",
        may_use: &["coze-auth"],
        only_as_feature: &[],
        tests_may_use: &[],
        reason: "it measures the binary from outside; only what signs is called directly",
    },
    Own {
        name: "xtask",
        may_use: &[],
        only_as_feature: &[],
        tests_may_use: &[],
        reason: "the tasks have to build when the product does not",
    },
];

pub(super) const WALLS: &[Wall] = &[
    Wall {
        libraries: &["axum", "axum-extra", "tower-http", "askama", "multer"],
        inside: &["cozegate-gateway", "cozegate-portal", "coze-emulator"],
        tests_anywhere: true,
        reason: "pages are served by the portal (and, apart from us, by the emulator); the proxy is plain hyper",
    },
    Wall {
        libraries: &["sqlx", "redis", "rusqlite"],
        inside: &["cozegate-store"],
        tests_anywhere: false,
        reason: "SQL and Redis stay in the store, behind its functions",
    },
    Wall {
        libraries: &[
            "keyring",
            "keyring-core",
            "apple-native-keyring-store",
            "secret-service",
            "windows-native-keyring-store",
            "zbus-secret-service-keyring-store",
        ],
        inside: &["cozegate-store"],
        tests_anywhere: false,
        reason: "where secrets rest is the store's business; the others are handed the keys",
    },
    Wall {
        libraries: &["clap", "clap_complete", "clap_mangen"],
        inside: &["cozegate", "xtask"],
        tests_anywhere: false,
        reason: "arguments are read by programs, not by libraries",
    },
    Wall {
        libraries: &["indicatif", "anstream"],
        inside: &["cozegate"],
        tests_anywhere: false,
        reason: "the terminal belongs to the cli",
    },
    Wall {
        libraries: &["jsonwebtoken"],
        inside: &["coze-auth", "coze-emulator"],
        tests_anywhere: true,
        reason: "assertions are made by coze-auth; everything else asks it for tokens",
    },
    Wall {
        libraries: &["reqwest"],
        inside: &["coze-auth", "cozegate-core", "cozegate"],
        tests_anywhere: true,
        reason: "one client with one policy, built by coze_auth::transport",
    },
    Wall {
        libraries: &["fluent-bundle", "fluent", "unic-langid"],
        inside: &["cozegate-config"],
        tests_anywhere: false,
        reason: "texts for people come from cozegate_config::text",
    },
    Wall {
        libraries: &[
            "opentelemetry",
            "opentelemetry-http",
            "opentelemetry-otlp",
            "opentelemetry_sdk",
            "prometheus-client",
        ],
        inside: &["cozegate-core"],
        tests_anywhere: false,
        reason: "coze-auth and the store tell an observer what happens; cozegate-core counts and traces it",
    },
    Wall {
        libraries: &["anyhow"],
        inside: &["cozegate-bench", "xtask"],
        tests_anywhere: true,
        reason: "an error of the product names what went wrong, as a variant",
    },
];
