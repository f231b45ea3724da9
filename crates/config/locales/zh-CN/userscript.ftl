### 用户脚本显示的文字。

userscript-name = cozegate 扣子助手
userscript-description = 通过本机的 cozegate 把你的扣子智能体放到任意页面：页面里没有令牌，每个浏览器各有自己的历史记录。

userscript-menu-open = 打开对话
userscript-menu-close = 关闭对话
userscript-menu-bot = 智能体：{ $bot }
userscript-menu-title = 标题：{ $title }
userscript-menu-width = 宽度：{ $width } 像素
userscript-menu-language = Language: switch to English
userscript-menu-ui-auto = 窗口：按页面自动选择
userscript-menu-ui-sdk = 窗口：总是用扣子 Chat SDK
userscript-menu-ui-cozegate = 窗口：总是用 cozegate 自己的
userscript-menu-user-show = 用户标识：查看
userscript-menu-user-copy = 用户标识：复制
userscript-menu-user-renew = 用户标识：换成新用户…
userscript-menu-user-export = 用户标识：复制给另一个浏览器
userscript-menu-user-import = 用户标识：从另一个浏览器接过来…
userscript-menu-debug-on = 调试：关（点击打开）
userscript-menu-debug-off = 调试：开（点击关闭）
userscript-menu-log = 复制调试日志
userscript-menu-status = 状态
userscript-menu-reinstall = 重新安装本脚本

userscript-ask-bot = 用哪个智能体？请输入列表中的序号，或另一个智能体的 ID。留空则用默认的。
userscript-ask-title = 对话顶部显示什么标题？留空则用默认标题。
userscript-ask-width = 对话窗口多宽（{ $least } 到 { $most } 像素）？留空则用默认宽度。
userscript-ask-renew = 在这个浏览器里换成新用户吗？除非事先复制了现在的用户标识，否则将无法再看到它的历史记录。
userscript-ask-import = 请粘贴另一个浏览器里复制的内容，或一个用户标识：
userscript-user = 你在这个浏览器里的用户标识：{ $id }
    知道它的人就能读到这份历史记录，请不要告诉别人。
userscript-renewed = 已换成新用户，对话从头开始。
userscript-imported = 已接过用户标识和它的历史记录。
userscript-import-wrong = 这不是用户标识。请在另一个浏览器里用“用户标识：复制给另一个浏览器”复制，再完整粘贴。
userscript-wrong-value = 不能用这个值，没有做任何改动。
userscript-copied = 已复制。
userscript-copy-yourself = 无法访问剪贴板，请从这里复制：
userscript-not-yet = 对话还没有准备好：正在等待 { $address } 上的 cozegate。菜单里的“状态”有更多说明。

userscript-dismiss = 关闭这条消息

userscript-status = cozegate 地址：{ $address }
    能否连上：{ $reachable }，版本 { $gateway }
    本脚本：版本 { $script }，已获准：{ $paired }
    管理器：{ $manager }；请求方式：{ $way }
    窗口：{ $window }
    智能体：{ $bot }
    用户标识：{ $user }
userscript-yes = 是
userscript-no = 否
userscript-way-manager = 由管理器发出
userscript-way-page = 由页面发出

userscript-trouble-away = { $address } 没有响应：本机没有运行 cozegate，或者它在别的地址上。请运行 “cozegate serve”（试用则运行 “cozegate demo”），之后对话会自动出现。
userscript-trouble-connect = 用户脚本管理器不允许本脚本访问 { $host }。请在管理器中打开本脚本的设置，从禁止列表里去掉 { $host }，然后刷新页面。
userscript-trouble-network = 浏览器不允许这个网站访问本机的程序。请点击地址栏旁边的图标，允许“本地网络访问”，之后对话会自动出现。
userscript-trouble-pairing = 本脚本不属于现在运行的 cozegate，所以被拒绝了。请从 { $address } 重新安装。演示模式每次启动后都需要重装。
userscript-trouble-busy = cozegate 现在太忙，有空位后对话会自动继续。
userscript-trouble-refused = cozegate 拒绝了本脚本：{ $reason } 菜单里的“状态”有更多说明。
userscript-trouble-broken = 这个页面上打不开对话。菜单里的“复制调试日志”能给出原因。
