### embed.js 在别人页面上显示的文字。

embed-away = 暂时无法连接对话服务，正在自动重试。
embed-broken = 对话窗口未能加载，正在自动重试；刷新页面可能更快恢复。
embed-busy = 当前对话人数过多，稍后会自动继续。
embed-close = 关闭此提示
embed-refused = 此处无法使用对话。{ $reason }

## 面向页面开发者：JavaScript 接口抛出的错误。

embed-no-bot = cozegate：没有指定智能体。请在 script 标签中填写 data-bot-id，或在 cozegate.init() 中给出 botId。
embed-no-proof = cozegate：此版本还不能核实用户身份。调用 setUser() 时请不要传 ticket 和 assertion。
embed-not-begun = cozegate：对话尚未建立。请先调用 init()。
