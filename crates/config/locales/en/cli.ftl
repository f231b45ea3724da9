### What the command line says (crates/cli). Help texts: cli-about, cli-<command>-about, cli-<command>-arg-<argument>.

cli-heading-usage = Usage:
cli-heading-commands = Commands
cli-heading-options = Options
cli-heading-global-options = General options

cli-about = One binary between your users and the Coze platform: proxy, tokens, one isolated history per user
cli-arg-version = Print the version
cli-arg-json = Print the result as JSON on stdout
cli-arg-quiet = Print errors only
cli-arg-verbose = Print log lines; twice for more
cli-arg-lang = Language of texts (default: from LC_ALL, LC_MESSAGES, LANG)
cli-arg-help = Print help
cli-arg-config = Configuration file (default: cozegate.toml, coze_oauth_config.json, .env or the environment, in this order)
cli-arg-proxy-addr = Where the proxy listens (default: 127.0.0.1:8080)
cli-arg-isolation = Who may use a conversation whose ID is known: session (its own session_name, default) or none (every token of the account)
cli-arg-enforce-scope = Let the scope of a token request narrow the token (documented for channel apps only)
cli-arg-app-permission = Permission that is ticked for the apps; repeatable (default: all)
cli-arg-auth-addr = Where the auth service listens (default: 127.0.0.1:8081)

cli-serve-about = Run the proxy and the auth service until Ctrl-C
cli-serve-arg-only = Run one of the two services only
cli-demo-about = Try everything against a built-in emulator: no account, no network, no file
cli-demo-arg-emulator-addr = Where the emulator listens (default: any free port of 127.0.0.1)
cli-emulator-about = Run the emulator of the Coze platform alone
cli-emulator-arg-addr = Where it listens (default: any free port of 127.0.0.1)
cli-init-about = Write a commented cozegate.toml
cli-init-arg-from = Make it of this file: coze_oauth_config.json, .env, application.yaml or another cozegate.toml (default: the first two, where they are; else a template)
cli-init-arg-force = Write over a cozegate.toml that is there
cli-token-about = Print a Coze access token
cli-token-arg-app = App of the configuration (default: its default app)
cli-token-arg-session-name = User for whom the token is: every name has a history of its own
cli-token-arg-duration = How long the token lives, in seconds (1 to 86399)
cli-token-arg-bots = Bot that the token may talk to; may be repeated (default: all)
cli-token-arg-permissions = Permission such as Connector.botChat; may be repeated (default: all of the app's)
cli-ports-about = Show who holds the ports of the two services
cli-config-about = Check or show the configuration
cli-config-check-about = Show all mistakes of the configuration at once
cli-config-show-about = Show the configuration with the place that each value comes from
cli-config-show-arg-effective = Show defaults, too

cli-label-error = error:{" "}
cli-label-warning = warning:{" "}
cli-label-cause = cause:{" "}
cli-label-hint = hint:{" "}

cli-config-mistakes = The configuration has { $count } mistakes:
cli-config-right = { $source } is right. Apps: { $apps } (default: { $default_app }).
cli-place-default = default
cli-redacted = (secret)
cli-source-environment = the environment
cli-source-demo = the demo

cli-service-proxy = The proxy
cli-service-auth = The auth service
cli-service-emulator = The emulator
cli-address-taken = { $service } cannot listen on { $address }: { $holder }.
cli-address-refused = This machine does not let us listen on { $address }.
cli-holder-nobody = free
cli-holder-cozegate = held by another cozegate (version { $version })
cli-holder-cozegate-process = held by another cozegate (version { $version }, process { $pid })
cli-holder-unknown = held by a program that this account may not see
cli-process = held by { $name } (process { $pid })
cli-process-by-pid = held by process { $pid }
cli-hint-already-running = It may be all you need: it runs already.
cli-hint-other-address = Choose another address with { $flag }, such as { $flag } 127.0.0.1:0 for any free port.
cli-hint-other-addresses = Choose other addresses with --proxy-addr and --auth-addr, or under [server] in cozegate.toml.
cli-ports-taken = Somebody else holds { $addresses }.
cli-ports-usual-addresses = The configuration has mistakes ("cozegate config check" shows them), so these are the usual addresses.

cli-runtime-failed = The program's own threads cannot be started.
cli-signals-failed = The signals that stop the program cannot be listened to.
cli-start-failed = The services cannot be started.
cli-no-state-directory = There is no place to keep the visitors' secret, so visitors get a new history with every start. Set [visitors] secret_file, or HOME.
cli-files-folder-refused = Fetched files cannot be kept (files.cache_dir).
cli-secret-file-failed = The visitors' secret cannot be kept in { $path }.
cli-hint-secret-file = Choose another place: [visitors] secret_file in cozegate.toml, or COZEGATE__VISITORS__SECRET_FILE.
cli-key-file-failed = The demo app's private key cannot be written to the temporary folder.

cli-serve-running = cozegate { $version } is running on { $source }: app { $app } at { $api_base }
cli-listens-proxy = {"  "}Proxy         { $url }
cli-listens-auth = {"  "}Auth service  { $url }
cli-listens-emulator = {"  "}Emulator      { $url }
cli-public-at = {"  "}For visitors  { $url }
cli-open-next = {"  "}Open next     { $url }
cli-how-to-stop = Ctrl-C stops it.
cli-stopping = Stopping. Running answers have a moment to finish; Ctrl-C again ends at once.
cli-demo-running = cozegate { $version } is running a demo: nothing leaves this machine, nothing is kept.
cli-demo-bots = Bots:
cli-bot = { $id }  { $name }
cli-bot-unpublished = { $id }  { $name } (not published)
cli-demo-try =
    Try it in another terminal:
        HANDLE=$(curl -s -X POST { $auth }/auth/session | sed 's/.*"handle":"\([^"]*\)".*/\1/')
        curl -N { $proxy }/v3/chat -H "Authorization: Bearer $HANDLE" -H "Content-Type: application/json" \
          -d '{"{"}"bot_id":"{ $bot_id }","user_id":"me","stream":true,"additional_messages":[{"{"}"role":"user","content_type":"text","content":"Hello"{"}"}]{"}"}'
    or with cozepy:
        Coze(auth=TokenAuth(HANDLE), base_url="{ $proxy }")
cli-emulator-running = cozegate { $version } emulates the Coze platform. What a client needs:

cli-init-exists = There is a { $file } already.
cli-hint-init-force = Look at it with "cozegate config show", or write over it with --force.
cli-init-not-written = { $file } cannot be written.
cli-init-wrote = Wrote { $file } from { $source }. Apps: { $apps } (default: { $default_app }).
cli-init-wrote-secret = Wrote { $file }, readable by you alone.
cli-init-wrote-template = Wrote { $file }: a template.
cli-init-source-keeps-secret = { $source } still holds the secret, too. When all works, remove it there.
cli-init-next =
    Next:
      cozegate config check    is all right?
      cozegate token           does Coze give a token?
      cozegate serve           run both services
cli-init-next-template =
    Next:
      1. Fill in client_id and public_key_id, and put the private key into private_key.pem.
      2. cozegate config check names what is still missing.
      3. cozegate serve

cli-unknown-app = There is no app called "{ $name }" in the configuration. It has: { $known }.
cli-hint-did-you-mean = Did you mean "{ $meant }"?
cli-token-session-name = The session name cannot be used.
cli-token-options-unused = Only apps of kind jwt can ask for another token: --session-name, --duration, --bot and --permission change nothing here.
cli-token-refused = { $host } does not accept the credentials of app { $app }.
cli-token-unreachable = { $host } cannot be reached.
cli-token-failed = { $host } gave no token for app { $app }.
cli-hint-key-id-unknown = { $host } does not know the key's id. Most often the app belongs to the other region (api.coze.cn or api.coze.com); else compare public_key_id with the fingerprint in the console.
cli-hint-client-id-unknown = { $host } does not know the app's client_id. Compare it with the console, and check the region.
cli-hint-audience = The address in api_base is not the name by which the platform knows itself. Write https://api.coze.cn or https://api.coze.com.
cli-hint-signature = The private key does not belong to public_key_id. Use the private key that was made together with it.
cli-hint-clock = The clock of this machine is wrong. Set it, and try again.
cli-hint-app-type = The app is of another kind. This needs a service app (OAuth app of type "JWT").
cli-hint-app-disabled = The app is switched off. Its owner can switch it on in the console.
cli-hint-log-id = Coze's support finds the request by its log id { $log_id }.

cli-reloaded = The configuration was read again and is in force.
cli-reload-needs-restart = These settings changed and take a restart: { $sections }.
cli-reload-refused = The old configuration stays in force; mend the file and it is read again.
cli-store-makeshift = There is no folder for what outlives a process (HOME is not set), so tokens, logins and sessions end with this one. Set HOME or XDG_STATE_HOME, or name a file: store.path.
cli-store-failed = The store ({ $store }) could not be opened.
cli-hint-store = The section [store] of the configuration says where it is and which key seals it; docs/reference/configuration.md explains both.

cli-login-about = Log in to an app of kind web, pkce or device
cli-login-arg-app = App of the configuration (default: the one in which people log in)
cli-login-arg-flow = Take the app of this kind
cli-login-arg-no-browser = Only print the address
cli-login-arg-import = Take a login from a file with access_token, refresh_token, expires_at and client_id
cli-logout-about = Forget a login
cli-logout-arg-app = App of the configuration (default: the one in which people log in)
cli-logout-arg-export = Write the login into this new file first, to be used elsewhere

cli-login-open =
    Open this address in a browser on this machine, if it does not open by itself:
        { $url }
    Waiting for you to agree …
cli-login-device =
    Open this address on any device:
        { $url }
    and type the code: { $code }
    Waiting for you to agree …
cli-login-no-browser = No browser could be opened here.
cli-login-done = Logged in to app { $app } at { $host }. cozegate renews the login by itself while it runs.
cli-login-next =
    Next:
      cozegate token --app { $app }    an access token of this login
      cozegate serve                run both services, and keep the login alive
cli-login-listener = The login
cli-login-other-kind = App { $app } is of kind { $kind }, and this is not how it gets its tokens.
cli-login-no-app = No app of the configuration fits: people log in to apps of kind web, pkce and device.
cli-login-which-app = Several apps fit. Say which: --app with one of { $names }.
cli-login-elsewhere = The login would not come back to this machine.
cli-login-file = The login in { $path } cannot be used.
cli-login-denied = The login to app { $app } was refused.
cli-login-not-finished = The login to app { $app } was not finished in time.
cli-login-required = Nobody is logged in to app { $app } any more, or yet.
cli-hint-login-kinds = Apps of kind web, pkce and device are logged in to; jwt, pat and sat apps get their tokens by themselves. "cozegate config show" lists them.
cli-hint-login-elsewhere = "cozegate login" needs a redirect_uri such as http://127.0.0.1:8081/callback, in the configuration and registered in the console.
cli-hint-login-page = It is the auth service itself. Log in there: { $url }
cli-hint-login-page-within-tls = The auth service takes the answer to this https:// address. Let "cozegate serve" run and log in at { $url }
cli-hint-login-use-device = Stop that program, or log in without a browser on this machine: cozegate login --flow device.
cli-hint-login-port = Stop that program, or choose another port: redirect_uri in the configuration, registered in the console as well.
cli-hint-login = Log in: cozegate login --app { $app }
cli-logout-exported = The login stands in { $path } now, readable by you alone.
cli-logout-not-written = The login cannot be written to { $path }, so it stays where it is.
cli-sessions-not-ended = The sessions that were opened with the login of before could not be ended, as the store does not answer. They end with their time.
cli-logout-done = Logged out of app { $app }.
cli-logout-nobody = Nobody was logged in to app { $app }.
cli-logout-what-stays = Coze cannot be told: the last access token works there until it ends, a quarter of an hour at most. A service that runs uses it as long.
cli-token-ends-soon = The fixed token of app { $app } ends in { $days } days, and nobody can renew it. Make a new one in the Coze console and put it into the configuration.
cli-token-ended = The fixed token of app { $app } has ended. Make a new one in the Coze console and put it into the configuration.
