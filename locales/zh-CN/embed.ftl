### embed.js 在别人页面上显示的文字。

embed-away = 暂时无法连接对话服务，正在自动重试。
embed-broken = 对话窗口未能加载，正在自动重试。
embed-busy = 当前对话人数过多，稍后会自动继续。
embed-close = 关闭此提示
embed-refused = 此处无法使用对话。{ $reason }

## 面向页面开发者：JavaScript 接口抛出的错误。

embed-no-bot = cozegate：没有指定智能体。请填写 data-bot-id，或在 init() 中给出 botId。
embed-no-proof = cozegate：此版本还不能核实用户身份，请不要传 ticket 和 assertion。
