### embed.js 在别人页面上显示的文字。

embed-away = 对话暂时不可用，正在自动重试。
embed-close = 关闭此提示
embed-not-allowed = 此对话不提供这项功能。
embed-refused = 此处无法使用对话。{ $reason }

## 面向页面开发者：JavaScript 接口抛出的错误。

embed-no-bot = cozegate：没有指定智能体。请填写 data-bot-id，或在 init() 中给出 botId。
embed-no-proof = cozegate：此版本还不能核实用户身份，请不要传 ticket 和 assertion。
