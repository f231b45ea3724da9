//! Who asks Coze for tokens: the app and its proof.
//!
//! A closed set: a new way in is a new variant, and the compiler lists the places to visit.

use crate::clock::UnixSeconds;
use crate::private_key::SigningKey;
use crate::region::Endpoints;
use crate::secret::AccessToken;

/// An identity at Coze.
#[derive(Clone, Debug)]
pub enum App {
    /// A service app that signs its requests (protocol 2). The only kind that keeps users apart.
    Jwt(JwtApp),
    /// A token that a person made in the console (protocol 2.4): the same for everybody, never renewed.
    PersonalAccessToken {
        /// The token.
        token: AccessToken,
        /// Where it is valid.
        endpoints: Endpoints,
        /// When it ends, as its owner noted it: the platform does not tell.
        expires_at: Option<UnixSeconds>,
    },
}

impl App {
    /// Returns the addresses of the app's platform.
    pub fn endpoints(&self) -> &Endpoints {
        match self {
            Self::Jwt(app) => &app.endpoints,
            Self::PersonalAccessToken { endpoints, .. } => endpoints,
        }
    }

    /// Says whether tokens of different session names see different conversations (protocol 5).
    pub fn isolates_users(&self) -> bool {
        match self {
            Self::Jwt(_) => true,
            Self::PersonalAccessToken { .. } => false,
        }
    }
}

/// A service app with a key pair whose public half the console holds.
#[derive(Clone, Debug)]
pub struct JwtApp {
    /// The numeric id of the OAuth app: the assertion's `iss`.
    pub client_id: String,
    /// The fingerprint of the public key as the console shows it: the assertion's `kid`.
    pub public_key_id: String,
    /// The private half.
    pub signing_key: SigningKey,
    /// The platform where the app is registered.
    pub endpoints: Endpoints,
    /// How long a token lives when the subject does not say, in seconds. The platform takes 1 to 86399; values outside
    /// are brought inside.
    pub duration_seconds: u32,
}

impl JwtApp {
    /// The life of a token that the platform gives when nobody asks for another (protocol 2.2), in seconds.
    pub const DEFAULT_DURATION_SECONDS: u32 = 900;

    /// The longest life that the platform gives (protocol 2.2), in seconds.
    pub const LONGEST_DURATION_SECONDS: u32 = 86_399;
}
