### 用户脚本显示的文字。

userscript-name = cozegate 扣子助手
userscript-description = 通过本机的 cozegate 把你的扣子智能体放到任意页面：页面里没有令牌，每个浏览器各有自己的历史记录。
