### The comments of the file that "cozegate init" writes (crates/gateway/src/config/draft). init-<key>: what a key is for.

init-heading-template = cozegate.toml: a template. Fill in what is empty, then run "cozegate config check".
init-heading-from = cozegate.toml, made by "cozegate init" from { $source }.
init-heading =
    Lines behind "# " show the default or a sample. Relative paths start from this file.
    Every key is explained in docs/reference/configuration.md.
init-other-app = A personal access token instead: everybody shares the identity of the person who made it.

init-app-jwt = App "{ $app }": a service app that signs its requests. The only kind that keeps users apart.
init-app-web = App "{ $app }": a person logs in, the app proves itself with its secret.
init-app-pkce = App "{ $app }": a person logs in, no secret is needed.
init-app-device = App "{ $app }": a person logs in on another device.
init-app-pat = App "{ $app }": a personal access token. Everybody shares one identity.
init-app-sat = App "{ $app }": a service access token. Everybody shares one identity.

init-section-server = Where the two services listen.
init-section-cors = Pages that may call us, beside Coze's own and ours.
init-section-chat = The chat page.
init-section-visitors = What browsers hold instead of Coze tokens.
init-section-store = Where tokens, handles and logins rest, sealed.
init-section-limits = What a caller may use; 0 is no limit. docs/reference/limits.md tells what is answered.
init-section-timeouts = How long we wait for Coze.

init-mode = for one person's machine
init-default-app = the app that serves where none is named
init-kind = jwt, web, pkce, device, pat or sat
init-region = cn: coze.cn, com: coze.com
init-api-base = the address of the API
init-www-base = the address of the console
init-ws-base = the address for WebSocket
init-client-id = the OAuth app's id, as the console shows it
init-public-key-id = the fingerprint that the console shows beside the public key
init-private-key-file = the private key that was made with it
init-client-secret-file = the app's secret
init-redirect-uri = register exactly this one in the console
init-token-file = the token
init-expires-at = when the console says that it ends
init-duration-seconds = life of an access token, 1 to 86399
init-account-id = tokens for another account that has let the app in
init-enterprise-id = tokens for an enterprise; not together with account_id
init-scope-permissions = what tokens may do; without it, all that the app may
init-scope-bots = the bots that tokens may talk to; without it, all
init-session-context-device-id = the device, for the enterprise edition's billing
init-session-context-custom-consumer = who is billed
init-proxy-addr = proxy
init-auth-addr = auth service and pages
init-workers = threads for proxied traffic; default: one per core
init-origins = scheme://host[:port] of each page
init-bot-id = the bot that it opens with; without it, the page asks
init-title = its title
init-handle-ttl-seconds = how long a handle works
init-secret-file = the secret that visitors' histories hang on; default: below your state folder
init-connect-seconds = until a connection stands
init-head-seconds = until an answer begins
init-trusted-proxies = your own proxies in front, whose X-Forwarded-For or Forwarded is believed
init-requests-per-minute = API requests of one caller
init-address-requests-per-minute = API requests from one address
init-burst = how many of these may come at once
init-sessions-per-minute = sessions and tokens for one address
init-logins-per-minute = logins begun from one address
init-streams-per-caller = streams, uploads and open answers of one caller at the same time
init-exchanges = the same of all callers
init-body-bytes = the body of a request
init-upload-bytes = the same for files and sound
init-total-seconds = until an answer that is no stream is there; default: as long as it takes
init-idle-seconds = between two pieces of an answer
init-shutdown-seconds = for running answers when stopping
init-workspace-id = the workspace whose members log in to collaborate there
init-challenge-method = S256; plain only for a platform that knows no other
init-store-kind = sqlite (one machine), postgres or redis (several), memory (nothing outlives the process)
init-store-path = the SQLite file; default: below your state folder
init-store-url-env = the variable that holds postgres://user:password@host/database, or redis://...
init-store-prefix = what all keys in Redis begin with
init-store-seal-key-file = the key that seals everything; made at the first start. Several machines need the same
init-store-seal-key-keyring = or its name in the system's keyring
