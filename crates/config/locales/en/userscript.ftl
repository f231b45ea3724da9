### What the userscript says.

userscript-name = cozegate
userscript-description = Puts your Coze agent onto the pages you choose, through the cozegate on this machine: no token in the page, one history per browser.

userscript-menu-open = Open the chat
userscript-menu-close = Close the chat
userscript-menu-bot = Bot: { $bot }
userscript-menu-title = Title: { $title }
userscript-menu-width = Width: { $width } px
userscript-menu-language = 语言：切换为中文
userscript-menu-ui-auto = Window: whichever fits the page
userscript-menu-ui-sdk = Window: always Coze’s Chat SDK
userscript-menu-ui-cozegate = Window: always cozegate’s own
userscript-menu-user-show = User id: show
userscript-menu-user-copy = User id: copy
userscript-menu-user-renew = User id: become somebody new …
userscript-menu-user-export = User id: copy for another browser
userscript-menu-user-import = User id: take over from another browser …
userscript-menu-debug-on = Debug: off (switch on)
userscript-menu-debug-off = Debug: on (switch off)
userscript-menu-log = Copy the debug log
userscript-menu-status = Status
userscript-menu-reinstall = Install this script again

userscript-ask-bot = Which bot? Type its number in this list, or the id of another one. Leave it empty for the usual one.
userscript-ask-title = What shall stand at the top of the chat? Leave it empty for the usual title.
userscript-ask-width = How wide shall the chat be, from { $least } to { $most } pixels? Leave it empty for the usual width.
userscript-ask-renew = Become somebody new in this browser? The history of the present user id is then out of reach, unless you have copied the id before.
userscript-ask-import = Paste what the other browser copied, or a user id:
userscript-user = Your user id in this browser: { $id }
    Whoever knows it can read this history: keep it to yourself.
userscript-renewed = You are somebody new now. The chat begins without a history.
userscript-imported = The user id was taken over, and its history with it.
userscript-import-wrong = That is no user id. Copy it in the other browser with “User id: copy for another browser” and paste all of it.
userscript-wrong-value = It cannot be that. Nothing was changed.
userscript-copied = Copied.
userscript-copy-yourself = The clipboard cannot be reached. Copy it from here:
userscript-not-yet = The chat is not there yet: it waits for cozegate at { $address }. “Status” in the menu says more.

userscript-dismiss = Close this message

userscript-status = cozegate at { $address }
    reachable: { $reachable }, version { $gateway }
    this script: version { $script }, let in: { $paired }
    manager: { $manager }; requests: { $way }
    window: { $window }
    bot: { $bot }
    user id: { $user }
userscript-yes = yes
userscript-no = no
userscript-way-manager = by the manager
userscript-way-page = by the page

userscript-trouble-away = Nobody answers at { $address }: cozegate is not running on this machine, or it listens elsewhere. Start it with “cozegate serve” (or “cozegate demo” to try it); the chat comes by itself then.
userscript-trouble-connect = The userscript manager does not let this script talk to { $host }. Open the script’s settings in the manager, remove { $host } from what is blocked there, and reload the page.
userscript-trouble-network = The browser does not let this site talk to programs on this machine. Allow “local network access” for the site (the icon beside its address); the chat comes by itself then.
userscript-trouble-pairing = This script does not belong to the cozegate that runs now, so it is not let in. Install it again from { $address }. A demo needs that after every start.
userscript-trouble-busy = cozegate has too much to do just now. The chat goes on by itself as soon as there is room.
userscript-trouble-refused = cozegate does not let this script in: { $reason } “Status” in the menu says more.
userscript-trouble-broken = The chat could not be opened on this page. “Copy the debug log” in the menu gives the reason.
