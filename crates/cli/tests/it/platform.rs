//! The platform, as `cozegate emulator` plays it: its apps, what it has heard, and a configuration for them.

use crate::binary::{Home, Started};
use crate::http::send;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpSocket;

/// A running emulator.
pub(crate) struct Platform(Started);

impl Platform {
    pub(crate) fn start() -> Self {
        Self(Home::new().start(&["emulator"]))
    }

    /// Its address, as `host:port`.
    pub(crate) fn address(&self) -> String {
        self.0.address("/api_base")
    }

    /// A home with one app per kind, called like its kind; the first is the default. Logins come back to `redirect_uri`,
    /// which is registered.
    pub(crate) fn home(&self, kinds: &[&str], redirect_uri: &str) -> Home {
        let home = Home::new().file("client_secret", self.app("web")["client_secret"].as_str().unwrap());
        self.configure(home, kinds, redirect_uri)
    }

    /// Writes the configuration of such a home anew.
    pub(crate) fn configure(&self, home: Home, kinds: &[&str], redirect_uri: &str) -> Home {
        let apps = kinds.iter().map(|kind| self.app_section(kind, redirect_uri));
        let toml = format!("default_app = \"{}\"\n{}", kinds[0], apps.collect::<String>());
        home.file("cozegate.toml", &toml)
    }

    fn app_section(&self, kind: &str, redirect_uri: &str) -> String {
        let head = format!(
            "[apps.{kind}]\nkind = \"{kind}\"\napi_base = \"http://{}\"\n",
            self.address()
        );
        if kind == "pat" {
            // Never shown to anybody; any text will do.
            return head + "token_file = \"client_secret\"\n";
        }
        let client_id = format!("client_id = {}\n", self.app(kind)["client_id"]);
        let secret = match kind {
            "web" => "client_secret_file = \"client_secret\"\n",
            _ => "",
        };
        if kind == "device" {
            return head + &client_id;
        }
        self.register(kind, redirect_uri);
        head + &client_id + secret + &format!("redirect_uri = \"{redirect_uri}\"\n")
    }

    /// Tells the owner of the app of `kind` to register this redirect URI and no other. One that the emulator would not send
    /// anybody to stays unregistered.
    fn register(&self, kind: &str, redirect_uri: &str) {
        let client_id = self.app(kind)["client_id"].as_str().unwrap();
        let order = json!({ "redirect_uris": [redirect_uri] }).to_string();
        send(
            &self.address(),
            &format!("PUT /_emulator/apps/{client_id}"),
            &[],
            &order,
        );
    }

    /// How many requests the platform has heard.
    pub(crate) fn heard(&self) -> usize {
        let journal = send(&self.address(), "GET /_emulator/journal", &[], "").json();
        journal["requests"].as_array().unwrap().len()
    }

    fn app(&self, kind: &str) -> &Value {
        let apps = self.0.announced["apps"].as_array().unwrap();
        apps.iter().find(|app| app["kind"] == kind).unwrap()
    }
}

/// A port that is known before somebody listens on it.
///
/// The platform compares redirect URIs character by character, so a test has to write the port down before the binary
/// that listens there starts. The socket is bound and does not listen: Linux gives its port to nobody who asks for any
/// free one, and lets in who asks for this very one, since both set `SO_REUSEADDR`. So there is no moment in which somebody
/// else could take it. Other systems would keep the binary out as well; there it is let go at once, as a port that the
/// system has just given away comes up again last.
pub(crate) struct ReservedPort {
    addr: SocketAddr,
    _socket: Option<TcpSocket>,
}

impl ReservedPort {
    pub(crate) fn find() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self {
            addr: socket.local_addr().unwrap(),
            _socket: cfg!(target_os = "linux").then_some(socket),
        }
    }

    /// A redirect URI that leads there.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}/callback", self.addr)
    }
}
