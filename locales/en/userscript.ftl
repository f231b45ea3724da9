### What the userscript says.
