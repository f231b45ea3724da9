### What can be wrong with a configuration (crates/gateway/src/config/mistake.rs) and what deserves a word (notice.rs).
### A sentence goes on from "file:line:column: key: "; it says what is wrong and what to write instead.

config-did-you-mean = { $sentence } Did you mean "{ $suggestion }"?
config-place-variable = environment variable { $name }

config-shape-text = a text in quotes
config-shape-number = a whole number
config-shape-fraction = a number with a fraction
config-shape-switch = true or false
config-shape-moment = a date or time
config-shape-list = a list
config-shape-table = a section
config-shape-null = null

config-no-configuration =
    There is no configuration in { $directory }. Choose one of three ways:
    1. Download coze_oauth_config.json from your OAuth app's page in the Coze console and put it here.
    2. Set COZE_API_BASE together with COZE_API_TOKEN (a personal access token), or with COZE_CLIENT_ID, COZE_PUBLIC_KEY (the key's id) and COZE_PRIVATE_KEY_PATH, in the environment or in a .env file.
    3. Run "cozegate demo": it needs no account and no configuration.
config-untrusted-writable = Others may write to { $path } (mode { $mode }), so it is not read. Make it yours alone: chmod go-w { $path }
config-untrusted-foreign = Another user (uid { $owner }) owns { $path }, so it is not read. Make it yours or root's with chown, or mount it read-only.
config-untrusted-folder-writable = Others may write to the folder { $folder } (mode { $mode }) and replace { $path }, so it is not read: chmod go-w { $folder }
config-untrusted-folder-foreign = Another user (uid { $owner }) owns the folder { $folder } and can replace { $path }, so it is not read. Make the folder yours or root's with chown.
config-file-unreadable = The file cannot be read: { $reason }.
config-not-utf8 = The file is not UTF-8 text. Save it as UTF-8.
config-syntax = The file cannot be understood here: { $reason }.
config-unknown-key = This key is not known.
config-unknown-key-of = This key is not known. Known here: { $known }.
config-key-of-other-kind = This key belongs to apps of kind { $kinds }.
config-missing-key = This key is missing.
config-blank = The value is empty.
config-wrong-shape = Expected { $expected }, found { $found }.
config-not-one-of = "{ $value }" is not one of: { $allowed }.
config-out-of-range = { $value } is not a whole number from { $min } to { $max }.
config-invalid-address = "{ $value }" is not an address. Write IP:PORT, such as 127.0.0.1:8080.
config-invalid-network = "{ $value }" is not a network. Write an address or ADDRESS/PREFIX, such as 10.0.0.0/8 or ::1.
config-not-loopback = { $address } can be reached from other machines, and local mode trusts everybody who reaches it. Write 127.0.0.1 (or [::1]); to serve others, write mode = "public".
config-same-address = Both services would listen on { $address }. Give one of them another port.
config-key-of-public-mode = This key belongs to public mode. Leave it out, or write mode = "public".
config-public-needs-visitors = Nothing says how visitors are told apart. Write kinds = ["anonymous"]: each browser gets an id made by cozegate, and a history of its own.
config-public-needs-origins = Nobody may use this gateway yet. List the pages that may, as origins: origins = ["https://www.example.com"].
config-public-needs-secret = Every visitor's history hangs on a secret, so its place must be known and backed up. Write secret_file = "/var/lib/cozegate/visitors.secret"; the file is made at the first start, and every instance needs the same.
config-public-needs-url = Nothing says how visitors' browsers reach this service. Write the address that stands before it, such as "https://chat.example.com".
config-public-url-plain = "{ $value }" would carry every conversation unencrypted. Use https://; http:// works for 127.0.0.1 and localhost only, to try it out.
config-public-needs-tls = Visitors come over https://, and nobody speaks it here. Set tls_certificate_file and tls_key_file, or name the reverse proxy that does in trusted_proxies.
config-public-shares-history = An app of kind "{ $kind }" has one history for everybody: every visitor would read the others' conversations. Public mode takes apps of kind "jwt" only.
config-public-needs-bots = Public mode needs the bots that visitors may use. Write bots = ["7500000000000000001"] in this section, or list them as chat.bots. bots = ["*"] allows every bot that the app reaches, unpublished ones too.
config-key-of-local-mode = This key belongs to local mode. Leave it out; in public mode [sites] says what visitors may do.
config-origins-of-no-site = cors.origins are the origins of the site "main", and [sites] has no "main". Move them to the origins of a site.
config-origin-of-two-sites = { $origin } belongs to the site "{ $other }" already. An origin belongs to one site.
config-invalid-site-name = "{ $name }" cannot be a site's name. Use lower-case letters, digits, "-" and "_", 64 at most.
config-unknown-group = "{ $value }" is not a group of operations. The groups for visitors are: { $known }.
config-group-not-for-visitors = No setting gives "{ $group }" to visitors: it administers the account. docs/reference/operations.md lists the groups for visitors.
config-invalid-member = "{ $name }" is not the name of a JSON member. Use letters, digits and "_", 64 at most.
config-member-is-checked = The visitor policy checks "{ $name }" itself, in every spelling. Leave it out.
config-bot-field-refused = "{ $name }" holds the bot's prompt, which no visitor may read. Leave it out.
config-invalid-field = "{ $name }" is not the name of a header field.
config-field-refused = The field "{ $name }" never goes to Coze: it holds a credential, says where a request comes from, or belongs to one connection. Leave it out.
config-invalid-bot = "{ $value }" is not a bot. Write its id, and behind a space the name that people see: "7500000000000000001 Help desk".
config-invalid-script = "{ $value }" is not the address of a script. Write https://host/path/to/script.js.
config-invalid-site = "{ $value }" is not a match pattern of userscripts. Write "https://www.example.com/*" or "*://*.example.com/*".
config-base-not-a-url = "{ $value }" is not an address that begins with https://.
config-base-scheme = "{ $value }" has the wrong scheme: api_base and www_base begin with https:// (or http://), ws_base with wss:// (or ws://).
config-base-credentials = "{ $value }" holds a name or password. Write scheme and host only.
config-base-path = "{ $value }" has something behind the host. Write scheme and host only.
config-base-console = "{ $value }" is the console's address; the API has its own.
config-regions-mixed = { $other_host } and { $api_host } belong to different regions, whose apps, accounts and tokens do not know each other.
config-region-and-base = Both "region" and "api_base" are set. Keep one of them.
config-region-unknown = Nothing says which Coze platform is meant, and apps exist on one of them only. It is https://api.coze.cn (region "cn") or https://api.coze.com (region "com").
config-origin-everyone = "*" would let every web page use your tokens. List the origins that may.
config-origin-null = "null" is the origin of every local file and sandboxed frame. Serve the page over http:// or https:// and list that origin.
config-origin-not-an-origin = "{ $value }" is not the origin of a web page. Write scheme://host or scheme://host:port.
config-origin-path = "{ $value }" has something behind the host. An origin is scheme://host[:port].
config-invalid-file-host = "{ $value }" is not a host of files. Write a name such as cdn.example.com, or https://name:port; http:// is for private_hosts only.
config-invalid-moment = "{ $value }" is not a point in time. Write 2026-12-31, 2026-12-31T12:00:00Z or Unix seconds.
config-invalid-app-name = "{ $name }" cannot be an app's name. Use lower-case letters, digits, "-" and "_", 64 at most.
config-no-apps = No app is configured. Add a section [apps.main] with kind = "jwt" or kind = "pat"; "cozegate init" writes one.
config-unknown-default-app = There is no app called "{ $name }".
config-default-app-needed = There are several apps ({ $names }). Say which one serves when none is named: default_app = "...".
config-redirect-not-a-url = "{ $value }" is not an address that begins with http:// or https://.
config-redirect-fragment = The address at { $value } holds a "#" or a name and password. Leave them out.
config-redirect-spelling = Coze compares this address with the registered one character by character, and "{ $value }" would be sent in another spelling. Write, and register, the exact one.
config-invalid-number = "{ $value }" is not an id of Coze, which has 1 to 20 digits and no zero in front, such as 7500000000000000001.
config-invalid-id = "{ $value }" is not an id: it holds more than letters, digits, "_" and "-".
config-account-and-enterprise = Both "account_id" and "enterprise_id" are set. Keep one of them.
config-yaml-is-converted = A YAML file cannot be the configuration. Run "cozegate init --from { $path }" once: it writes a cozegate.toml with the same apps.
config-no-app-in-yaml = There is no app below "coze". An app looks like this: coze.oauth with baseUrl, clientId, publicKey (the key's id) and privateKeyPath.
config-several-documents = A second document of this file speaks of Coze, too. Put the one that is meant into a file of its own.
config-historic-app-id = Old tutorials show this field, but the console does not write it. Download coze_oauth_config.json again from the OAuth app's page.
config-historic-domain = Old code used this field, but the console does not write it. It is coze_api_base now, with https:// in front.
config-key-instead-of-id = Here stands a key. Write its id instead: the fingerprint that the console shows beside the public key.
config-several-sources = The secret has more than one source. Keep one of them (also set: { $keys }).
config-no-source = A secret is missing. Write one of: { $keys }.
config-tls-no-certificate = No certificate stands in this file. It takes PEM: the server's own certificate first, then those that signed it.
config-tls-bad-certificate = A certificate in this file cannot be read.
config-tls-no-key = No private key stands in this file. It takes PEM without a passphrase: PKCS#8, PKCS#1 or SEC1.
config-tls-bad-key = TLS cannot use this key. Use RSA of 2048 bits or more, P-256, P-384 or Ed25519.
config-tls-other-key = This key belongs to another certificate than the first one in tls_certificate_file.
config-secret-file-unreadable = { $path } cannot be read: { $reason }.
config-secret-variable-unset = The environment variable { $name } is not set.
config-command-not-started = The command "{ $program }" could not be started: { $reason }.
config-command-status = The command "{ $program }" failed ({ $reason }).
config-command-timed-out = The command "{ $program }" did not end within { $reason } seconds.
config-command-output = The command "{ $program }" printed something that is not text.
config-secret-empty = The secret is empty.
config-token-malformed = The secret holds characters that cannot be sent, such as spaces or line breaks.

config-key-public = This is a public key. The private key of the same pair is needed; the public half belongs into the console.
config-key-encrypted = The private key is protected by a passphrase. Write it without one: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW.
config-key-elliptic-curve = This is an elliptic curve key. Coze takes RSA keys only; make a new pair in the console.
config-key-too-weak = The RSA key has { $bits } bits, and at least 2048 are needed. Make a new pair in the console.
config-key-certificate = This is a certificate. The private key that belongs to it is needed.
config-key-not-pem = This is not a private key: there is no line -----BEGIN PRIVATE KEY-----.
config-key-malformed = The private key is damaged or incomplete. Copy it again, from -----BEGIN to -----END.
config-key-unsupported = "{ $label }" is not a kind of key that Coze takes. An RSA key in PKCS#8 form is needed.

config-notice-inline-secret = A secret stands in the configuration itself. A file of its own, a variable or a command keeps it out of backups and version control.
config-notice-secret-file-readable = Others on this machine may read { $path } (mode { $mode }). Run: chmod 600 { $path }
config-notice-unknown-field = Nobody reads this field.
config-notice-unused-variable = This variable is not used, because { $winner } is set as well.
config-notice-policy-only-reports = The visitor policy of this site refuses nothing: every visitor may do everything that the app's token may. Read the log for "would be refused", then write policy = "enforce".
config-notice-ownership-only-observes = A visitor of this site who knows the id of another visitor's conversation or file can use it, as far as Coze lets the app's token. Write ownership = "enforce".
config-notice-every-bot = Visitors of this site may use every bot that the app's token reaches, unpublished ones too. List the bots instead.
config-notice-plain-http = Tokens travel unencrypted to { $host }. Use https.
config-notice-plain-redirect = The login comes back unencrypted through { $host }. Use https, or 127.0.0.1.
config-repair-byte-order-mark = The private key began with a byte order mark; it works all the same.
config-repair-quotes = The private key stood in quotes; it works all the same.
config-repair-escaped-newlines = The private key's line breaks were written as \n; it works all the same.
config-repair-carriage-returns = The private key has Windows line ends; it works all the same.
config-repair-line-breaks = The private key had lost its line breaks; it works all the same.
config-repair-armor = The private key had lost its BEGIN and END lines; it works all the same.
config-repair-surrounding-text = There is other text around the private key; it was ignored.
config-repair-pkcs1 = The private key has the older PKCS#1 form. It works here; some Coze SDKs take PKCS#8 only.
