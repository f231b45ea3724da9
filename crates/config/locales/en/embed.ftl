### What embed.js says on other people’s pages.

embed-away = The chat is not available at the moment. It tries again by itself.
embed-close = Close this message
embed-not-allowed = This chat does not offer that.
embed-refused = The chat is not available here. { $reason }

## For people who write pages: in errors of the JavaScript interface.

embed-no-bot = cozegate: no bot is named. Give data-bot-id, or botId to init().
embed-no-proof = cozegate: this version cannot check who a user is. Leave out ticket and assertion.
