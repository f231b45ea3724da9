### What the userscript says.

userscript-name = cozegate
userscript-description = Puts your Coze agent onto the pages you choose, through the cozegate on this machine: no token in the page, one history per browser.
