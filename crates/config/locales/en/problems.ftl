### What we answer when something is wrong: one title (what happened) and one detail (why, and what to do next) per
### problem. The ids follow ProblemKind::name() in crates/gateway/src/problem.rs.

problem-host-not-allowed-title = This address does not belong to cozegate
problem-host-not-allowed-detail =
    The request names a host or port that is not ours. A page may be trying to reach your machine under a name of its own (DNS
    rebinding). Use 127.0.0.1 or localhost with the port that cozegate printed when it started.
problem-origin-not-allowed-title = The page's origin is not on the list
problem-origin-not-allowed-detail =
    Only pages of listed origins may use this gateway. If the page is yours, add its origin (scheme, host and port) to
    cors.origins in cozegate.toml; cozegate reads it again by itself.
problem-cross-site-title = Another site caused this request
problem-cross-site-detail =
    The browser says that a foreign page triggered the request without naming its origin. Open the address yourself, or call it
    with fetch() from a page whose origin is listed in cors.origins.
problem-credential-missing-title = The request carries no handle
problem-credential-missing-detail =
    Send "Authorization: Bearer <handle>". A handle comes from POST /auth/session on the auth service.
problem-handle-unknown-title = The handle is unknown or has expired
problem-handle-unknown-detail =
    Open a new one with POST /auth/session and repeat the request; the visitor's history stays.
problem-credential-not-accepted-title = This credential is not accepted here
problem-credential-not-accepted-detail =
    Send one Authorization field with "Bearer" and a handle from POST /auth/session. In local mode a Coze token (pat_, sat_, czs_,
    czu_) is accepted as well.
problem-no-such-endpoint-title = Nothing is served under this address
problem-no-such-endpoint-detail =
    The proxy serves /v1/, /v3/, /open_api/ and the URLs of files; the auth service serves /, /login, /callback, /chat and /auth/session. Check the
    path and the port.
problem-path-refused-title = The path is not allowed
problem-path-refused-detail =
    The path holds dot segments, backslashes or control characters, plain or encoded. Send it in its plain form.
problem-method-unknown-title = This method is not known
problem-method-unknown-detail = HTTP has no such method, or this gateway does not know it. Use GET, HEAD, POST, PUT, PATCH or DELETE.
problem-method-not-allowed-title = The method does not exist here
problem-method-not-allowed-detail =
    The address exists, but not for this method; the Allow field names those that do.
problem-bad-request-title = The request does not fit
problem-bad-request-detail =
    The body or a parameter is not what this address expects. Compare it with the reference in docs/reference.
problem-websocket-handshake-title = This is no WebSocket handshake
problem-websocket-handshake-detail =
    An opening handshake is GET with Upgrade: websocket, Connection: Upgrade, one Sec-WebSocket-Key of 16 bytes in Base64,
    Sec-WebSocket-Version: 13, and no body (RFC 6455). Something on the way may have removed a field: check proxies in front of
    cozegate.
problem-websocket-version-title = This version of WebSocket is not spoken
problem-websocket-version-detail = Only version 13 is (RFC 6455). Update the client.
problem-app-unknown-title = There is no app of this name
problem-app-unknown-detail = The parameter "app" takes a name from the [apps] section of the configuration. Leave it out for the default app.
problem-session-name-invalid-title = This session_name cannot be used
problem-session-name-invalid-detail =
    A session_name has 1 to 256 bytes, is not blank and holds no control characters.
problem-session-name-refused-title = Nobody chooses a session_name here
problem-session-name-refused-detail =
    This gateway serves the public: whoever names a session could read its history. Leave session_name out; every visitor gets a history of their own.
problem-local-mode-only-title = Not in public mode
problem-local-mode-only-detail =
    This address gives out tokens or changes logins, which only the person at a machine of their own may do (mode = "local"). Visitors open a session with POST /auth/session; metrics are for requests from the machine itself.
problem-pairing-needed-title = This userscript does not belong to this gateway
problem-pairing-needed-detail =
    A browser extension asked without the secret of the userscript that this gateway serves, or with an old one. Install the userscript again from /cozegate.user.js of the auth service. A demo makes a new secret with every start.
problem-operation-not-allowed-title = Visitors may not do this here
problem-operation-not-allowed-detail =
    This operation is not among those that the visitors of this site may use; nothing was sent to Coze. The member "setting" names the key of the configuration that could allow it.
problem-parameter-not-allowed-title = This query parameter is not allowed
problem-parameter-not-allowed-detail =
    The member "parameter" names a query parameter that visitors may not send with this operation; nothing was sent to Coze. Leave it out. docs/reference/operations.md lists the allowed ones.
problem-member-not-allowed-title = This JSON member is not allowed
problem-member-not-allowed-detail =
    The member "member" names a part of the body that visitors may not send with this operation; nothing was sent to Coze. Leave it out, or let the operator list it under "members" of the site.
problem-value-not-allowed-title = This value is not allowed
problem-value-not-allowed-detail =
    The named parameter or member has a value that visitors may not send: a draft, a debug run, another version or another connector. Nothing was sent to Coze.
problem-bot-not-allowed-title = This bot is not one of the site's
problem-bot-not-allowed-detail =
    Visitors of this site may use the bots, workflows and apps that its configuration lists, and no others; nothing was sent to Coze. The member "setting" names the list.
problem-user-id-refused-title = This user_id is not that of the session
problem-user-id-refused-detail =
    A request may name only the user of its own session: user.id of the answer of POST /auth/session. Coze keeps variables and databases by it. Nothing was sent to Coze.
problem-site-mismatch-title = This belongs to another site
problem-site-mismatch-detail =
    The page, the app or the handle belongs to another site of this gateway. Open a session from a page of the site, without naming an app.
problem-origin-needed-title = Only pages of the site may open sessions
problem-origin-needed-detail =
    The request names no Origin, so no page of the site sent it. For mini-programs and native apps the operator writes without_origin = true in the section of the site.
problem-request-ambiguous-title = The request can be understood in two ways
problem-request-ambiguous-detail =
    A parameter or member occurs twice, the body is not one JSON object in plain UTF-8, or it comes where none belongs. Servers read such requests differently, so nothing was sent to Coze. Send each name once, as UTF-8 JSON.
problem-media-type-refused-title = The body is of the wrong media type
problem-media-type-refused-detail =
    Send JSON as Content-Type: application/json without Content-Encoding, and files as multipart/form-data to the upload address. Nothing was sent to Coze.
problem-resource-unknown-title = Requested resource does not exist. Ensure you are the correct resource identifier.
problem-resource-unknown-detail =
    The conversation, chat, message or file is not one of this visitor's, or does not exist. Open a conversation of your own; nothing was sent to Coze.
problem-answer-not-filtered-title = The answer of Coze could not be filtered
problem-answer-not-filtered-detail =
    The operation's answer may hold prompts, so visitors get a filtered copy. This answer is larger than 1 MiB or not JSON, and was withheld. The log has its log_id.
problem-body-too-large-title = The body is too large
problem-body-too-large-detail =
    This address does not take so much; nothing was carried out. Files go to /v1/files/upload on the proxy.
problem-rate-limited-title = Too many requests
problem-rate-limited-detail =
    More requests came than may come in a minute. Wait as many seconds as Retry-After says, then send the request again; nothing
    was sent to Coze.
problem-too-many-streams-title = Too many requests at the same time
problem-too-many-streams-detail =
    As many streams, uploads and open answers are under way as may be at the same time. Send the request again when one of
    them has ended; nothing was sent to Coze.
problem-buffer-full-title = No memory is left for this request
problem-buffer-full-detail =
    The gateway holds as much data in memory for its callers as it may. Wait as many seconds as Retry-After says, then send the
    request again; nothing was carried out.
problem-with-limit = { $detail } The limit that was met is { $limit }.
problem-body-overdue-title = The request's body did not come
problem-body-overdue-detail = More of the body was to come, and nothing came for timeouts.idle_seconds. Send the request again.
problem-head-refused-title = The request cannot be read
problem-head-refused-detail =
    Its head is no HTTP/1.1 as RFC 9112 has it, or two programs could read it in two ways. Look at the line ends, at
    Content-Length and Transfer-Encoding; our log says which.
problem-head-too-large-title = The request's head is too large
problem-head-too-large-detail =
    There may be 32 KiB and 100 fields before the body. Often it is cookies: delete those of this address in the browser.
problem-head-overdue-title = The request did not come to an end
problem-head-overdue-detail = It was begun, and its head was not complete ten seconds later. Send the request again.
problem-too-many-connections-title = Too many connections
problem-too-many-connections-detail =
    As many connections are open as limits.connections allows, and all are busy. Try again in a moment.
problem-token-refused-title = Coze refuses to issue a token for this app
problem-token-refused-detail =
    The app's settings and its keys do not fit what Coze knows: region, client_id, public_key_id or private key. Run
    "cozegate config check", then "cozegate token" to see Coze's own words; the log id helps its support.
problem-credential-refused-title = Coze refuses the token that cozegate sends
problem-credential-refused-detail =
    Coze answered that the access token is not valid. A fixed token (personal or service access token) may have been withdrawn:
    make a new one and put it into the configuration. A renewed one was refused as well, or the request was too large to be
    sent twice: try again, and compare api_base with the region of the app.
problem-login-required-title = Nobody is logged in to this app
problem-login-required-detail =
    The app acts for a person who logs in at Coze, and that login is missing or has ended. Log in again; an OAuth app of kind jwt needs no
    login.
problem-personal-token-ended-title = The personal access token has ended
problem-personal-token-ended-detail =
    Coze's personal access tokens live at most 30 days. Make a new one in the console, put it into the configuration, which is read again by itself;
    an OAuth app of kind jwt needs no such renewal.
problem-token-endpoint-unreachable-title = Coze's token endpoint does not answer
problem-token-endpoint-unreachable-detail =
    No token could be fetched: the address is not reachable, something else answers there, or the token had ended before it
    came. Check the network, a proxy in between, api_base and this machine's clock; cozegate tries again by itself.
problem-upstream-unreachable-title = Coze's API cannot be reached
problem-upstream-unreachable-detail =
    No connection to the API address came about. Check the network and api_base, then try again.
problem-upstream-timed-out-title = Coze's API did not answer in time
problem-upstream-timed-out-detail =
    The request was sent, but the answer did not come in time. It may have been carried out: look before you repeat
    it.
problem-upstream-broken-title = The connection to Coze's API broke
problem-upstream-broken-detail =
    The connection ended before an answer came. The request may have been carried out: look before you repeat it.
problem-stopping-title = cozegate is shutting down
problem-stopping-detail = Running answers are finished, new requests are not taken. Try again when it is back.
problem-internal-title = cozegate made a mistake
problem-internal-detail = This should not happen. The log holds more; please report it with the time of the request.
problem-target-refused-title = This URL is not fetched
problem-target-refused-detail =
    The proxy fetches files of the hosts in files.hosts only (see file_hosts at GET /) and passes on what lies at an app's API. Spell the
    URL plainly: scheme, host and nothing between them, its query percent-encoded, no name or password, no "#".
problem-file-not-found-title = The host has no such file
problem-file-not-found-detail =
    Compare the path with the original address, the version in it above all.
problem-file-not-served-title = That is no file for pages
problem-file-not-served-detail =
    The host answered with another kind of content than scripts, styles, fonts, images or data - an error page, perhaps. Open the
    original address to see it.
problem-file-too-large-title = The file is too large
problem-file-too-large-detail =
    It is larger than files.file_mib allows.
problem-file-host-failed-title = The host of the file failed
problem-file-host-failed-detail =
    It answered with an error, or its answer broke off. Try again; open the original address to see what it says.
problem-file-host-unreachable-title = The host of the file cannot be reached
problem-file-host-unreachable-detail =
    No connection could be made: the network, the DNS or a firewall. "curl -I" with the original address shows which.
problem-file-host-timed-out-title = The host of the file took too long
problem-file-host-timed-out-detail =
    It may be busy. Try again in a moment.
problem-file-address-refused-title = The host of the file has no public address
problem-file-address-refused-detail =
    Its name leads into a private network, or to this machine. If that is meant - an own mirror, or a VPN that answers every name
    with an address of its own - list the host in files.private_hosts.
problem-file-redirect-refused-title = The host of the file redirects elsewhere
problem-file-redirect-refused-detail =
    It sends on to a host that is not in files.hosts, or more than three times. Use the address to which it leads, and list its host.
problem-store-unavailable-title = The store does not answer
problem-store-unavailable-detail =
    cozegate keeps tokens and sessions in a store, and cannot reach it now. What is in memory is served on; try again in a
    moment. The log says what the store reported.
problem-renewal-unfinished-title = The token is still being renewed
problem-renewal-unfinished-detail =
    The renewal takes longer than usual, here or in another instance, and goes on. Try again in a moment.
problem-login-unsupported-title = Nobody logs in to this app
problem-login-unsupported-detail =
    Only apps of kind web, pkce and device act for a person. This one gets its tokens by itself; use it right away.
problem-login-not-begun-here-title = This login was not begun here
problem-login-not-begun-here-detail =
    The answer belongs to no login of this browser: it was begun elsewhere, has been used, or took too long. Nothing was
    changed. Begin again at /login.
problem-login-denied-title = The login was refused
problem-login-denied-detail =
    You said no on Coze's page, or Coze does not let this app in. Nothing was changed. Begin again at /login when you like.
problem-login-too-late-title = The login took too long
problem-login-too-late-detail = A login has to be finished within ten minutes, on another device within the time shown. Begin again at /login.
problem-redirect-elsewhere-title = The login would not come back here
problem-redirect-elsewhere-detail =
    The app's redirect_uri does not lead to this auth service. Write http://127.0.0.1:PORT/callback (https:// where the service
    has a certificate) with the port that it listens on into the configuration, and register exactly this address in the Coze
    console; or run "cozegate login".
