### What embed.js says on other people’s pages.

embed-away = The chat cannot be reached at the moment. It tries again by itself.
embed-broken = The chat could not be loaded. It tries again by itself.
embed-busy = Too many people are chatting at the moment. It goes on by itself.
embed-close = Close this message
embed-refused = The chat is not available here. { $reason }

## For people who write pages: in errors of the JavaScript interface.

embed-no-bot = cozegate: no bot is named. Give data-bot-id, or botId to init().
embed-no-proof = cozegate: this version cannot check who a user is. Leave out ticket and assertion.
