### 命令行的文字（crates/cli）。帮助文字的 id：cli-about、cli-<命令>-about、cli-<命令>-arg-<参数>。

cli-heading-usage = 用法:
cli-heading-commands = 命令
cli-heading-options = 选项
cli-heading-global-options = 通用选项

cli-about = 站在用户和扣子平台之间的一个程序：代理、令牌、每位用户各自独立的会话历史
cli-arg-version = 显示版本号
cli-arg-json = 在标准输出以 JSON 给出结果
cli-arg-quiet = 只显示错误
cli-arg-verbose = 显示日志，写两次显示更多
cli-arg-lang = 文字所用的语言（默认取自 LC_ALL、LC_MESSAGES、LANG）
cli-arg-help = 显示帮助
cli-arg-config = 配置文件（默认依次查找 cozegate.toml、coze_oauth_config.json、.env 和环境变量）
cli-arg-proxy-addr = 代理监听的地址（默认 127.0.0.1:8080）
cli-arg-isolation = 知道会话 ID 时谁能使用该会话：session（仅创建它的 session_name，默认）或 none（该账号的任何令牌）
cli-arg-enforce-scope = 让令牌请求中的 scope 收窄令牌的权限（扣子的文档只说明渠道应用如此）
cli-arg-app-permission = 应用已勾选的权限，可重复（默认全部）
cli-arg-auth-addr = 认证服务监听的地址（默认 127.0.0.1:8081）

cli-serve-about = 运行代理和认证服务，按 Ctrl-C 停止
cli-serve-arg-only = 只运行其中一个服务
cli-demo-about = 用内置的平台模拟器试用全部功能：不需要账号、网络和任何文件
cli-demo-arg-emulator-addr = 模拟器监听的地址（默认取 127.0.0.1 的任一空闲端口）
cli-emulator-about = 单独运行扣子平台的模拟器
cli-emulator-arg-addr = 监听的地址（默认取 127.0.0.1 的任一空闲端口）
cli-init-about = 写出一份带注释的 cozegate.toml
cli-init-arg-from = 根据这个文件生成：coze_oauth_config.json、.env、application.yaml 或另一份 cozegate.toml（默认依次查找前两个，都没有就写模板）
cli-init-arg-force = 覆盖已有的 cozegate.toml
cli-token-about = 输出一个扣子访问令牌
cli-token-arg-app = 使用配置里的哪个应用（默认用默认应用）
cli-token-arg-session-name = 令牌属于哪位用户：每个名字的会话历史互相独立
cli-token-arg-duration = 令牌的有效时间，单位为秒（1 到 86399）
cli-token-arg-bots = 令牌可以对话的智能体，可重复写（默认不限）
cli-token-arg-permissions = 权限，例如 Connector.botChat，可重复写（默认为应用的全部权限）
cli-ports-about = 查看两个服务的端口被谁占用
cli-config-about = 检查或显示配置
cli-config-check-about = 一次列出配置里的所有错误
cli-config-show-about = 显示配置，以及每个值来自哪里
cli-config-show-arg-effective = 连默认值一起显示

cli-label-error = 错误：
cli-label-warning = 注意：
cli-label-cause = 原因：
cli-label-hint = 建议：

cli-config-mistakes = 配置里有 { $count } 处错误：
cli-config-right = { $source } 没有问题。应用：{ $apps }（默认：{ $default_app }）。
cli-place-default = 默认值
cli-redacted = （密钥）
cli-source-environment = 环境变量
cli-source-demo = 演示

cli-service-proxy = 代理
cli-service-auth = 认证服务
cli-service-emulator = 模拟器
cli-address-taken = { $service }无法监听 { $address }：{ $holder }。
cli-address-refused = 这台机器不允许监听 { $address }。
cli-holder-nobody = 空闲
cli-holder-cozegate = 已被另一个 cozegate 占用（版本 { $version }）
cli-holder-cozegate-process = 已被另一个 cozegate 占用（版本 { $version }，进程 { $pid }）
cli-holder-unknown = 已被当前账号看不到的程序占用
cli-process = 已被 { $name } 占用（进程 { $pid }）
cli-process-by-pid = 已被进程 { $pid } 占用
cli-hint-already-running = 它已经在运行，也许直接用就可以。
cli-hint-other-address = 用 { $flag } 换一个地址，例如 { $flag } 127.0.0.1:0 会自动选择空闲端口。
cli-hint-other-addresses = 用 --proxy-addr 和 --auth-addr 换地址，或者写进 cozegate.toml 的 [server] 一节。
cli-ports-taken = { $addresses } 被别的程序占用了。
cli-ports-usual-addresses = 配置里有错误（用 cozegate config check 查看），所以这里看的是默认地址。

cli-runtime-failed = 无法启动程序自己的线程。
cli-signals-failed = 无法接收停止程序的信号。
cli-start-failed = 无法启动服务。
cli-no-state-directory = 没有地方保存访客密钥，所以每次启动后访客的会话历史都会重新开始。请设置 [visitors] secret_file，或者设置 HOME。
cli-files-folder-refused = 无法保存取来的文件（files.cache_dir）。
cli-secret-file-failed = 无法把访客密钥保存到 { $path }。
cli-hint-secret-file = 换个位置：cozegate.toml 里的 [visitors] secret_file，或 COZEGATE__VISITORS__SECRET_FILE。
cli-key-file-failed = 无法把演示应用的私钥写进临时目录。

cli-serve-running = cozegate { $version } 已启动，配置来自 { $source }：应用 { $app }，平台 { $api_base }
cli-listens-proxy = {"  "}代理      { $url }
cli-listens-auth = {"  "}认证服务  { $url }
cli-listens-emulator = {"  "}模拟器    { $url }
cli-public-at = {"  "}访客地址  { $url }
cli-open-next = {"  "}接着打开  { $url }
cli-how-to-stop = 按 Ctrl-C 停止。
cli-stopping = 正在停止，等待进行中的回答结束；再按一次 Ctrl-C 立即退出。
cli-demo-running = cozegate { $version } 正在演示：数据不会离开这台机器，也不会保存下来。
cli-demo-bots = 智能体：
cli-bot = { $id }  { $name }
cli-bot-unpublished = { $id }  { $name }（未发布）
cli-demo-try =
    在另一个终端里试试：
        HANDLE=$(curl -s -X POST { $auth }/auth/session | sed 's/.*"handle":"\([^"]*\)".*/\1/')
        curl -N { $proxy }/v3/chat -H "Authorization: Bearer $HANDLE" -H "Content-Type: application/json" \
          -d '{"{"}"bot_id":"{ $bot_id }","user_id":"me","stream":true,"additional_messages":[{"{"}"role":"user","content_type":"text","content":"你好"{"}"}]{"}"}'
    或者用 cozepy：
        Coze(auth=TokenAuth(HANDLE), base_url="{ $proxy }")
cli-emulator-running = cozegate { $version } 正在模拟扣子平台，客户端需要这些：

cli-init-exists = 这里已经有 { $file } 了。
cli-hint-init-force = 用 cozegate config show 看看它的内容，或者加 --force 覆盖。
cli-init-not-written = 无法写入 { $file }。
cli-init-wrote = 已根据 { $source } 写出 { $file }。应用：{ $apps }（默认：{ $default_app }）。
cli-init-wrote-secret = 已写出 { $file }，只有你能读。
cli-init-wrote-template = 已写出 { $file } 模板。
cli-init-source-keeps-secret = { $source } 里还留着密钥，确认一切正常后请从那里删掉。
cli-init-next =
    接下来：
      cozegate config check    检查配置
      cozegate token           试着向扣子申请令牌
      cozegate serve           启动两个服务
cli-init-next-template =
    接下来：
      1. 填好 client_id 和 public_key_id，把私钥放进 private_key.pem。
      2. 运行 cozegate config check，看看还缺什么。
      3. 运行 cozegate serve

cli-unknown-app = 配置里没有名为“{ $name }”的应用，只有：{ $known }。
cli-hint-did-you-mean = 是不是想写“{ $meant }”？
cli-token-session-name = 这个 session name 不能用。
cli-token-options-unused = 只有 jwt 类型的应用可以指定令牌内容：--session-name、--duration、--bot 和 --permission 在这里不起作用。
cli-token-refused = { $host } 不接受应用 { $app } 的凭证。
cli-token-unreachable = 连不上 { $host }。
cli-token-failed = { $host } 没有为应用 { $app } 给出令牌。
cli-hint-key-id-unknown = { $host } 不认识这个公钥 ID。最常见的原因是应用属于另一个区域（api.coze.cn 或 api.coze.com）；否则请把 public_key_id 和控制台里的指纹对一遍。
cli-hint-client-id-unknown = { $host } 不认识这个 client_id。请和控制台核对，并确认区域。
cli-hint-audience = api_base 里的地址不是平台认可的名字，请写 https://api.coze.cn 或 https://api.coze.com。
cli-hint-signature = 私钥和 public_key_id 不是一对，请使用与它同时生成的私钥。
cli-hint-clock = 这台机器的时钟不准，请校准后再试。
cli-hint-app-type = 应用类型不对，这里需要服务类应用（类型为 JWT 的 OAuth 应用）。
cli-hint-app-disabled = 应用已停用，它的所有者可以在控制台重新启用。
cli-hint-log-id = 向扣子反馈时请提供这个请求的 log id：{ $log_id }。

cli-reloaded = 配置已重新读取并生效。
cli-reload-needs-restart = 以下设置有改动，需要重启才能生效：{ $sections }。
cli-reload-refused = 旧配置继续有效；改好文件后会自动重新读取。
cli-store-makeshift = 找不到可以长期存放文件的目录（没有设置 HOME），令牌、登录和会话会随本进程结束。请设置 HOME 或 XDG_STATE_HOME，或用 store.path 指定文件。
cli-store-failed = 无法打开存储（{ $store }）。
cli-hint-store = 配置中的 [store] 一节说明存储在哪里、用哪个密钥加密；详见 docs/reference/configuration.md。

cli-login-about = 登录 web、pkce 或 device 类型的应用
cli-login-arg-app = 配置中的应用（默认：需要用户登录的那一个）
cli-login-arg-flow = 选择此类型的应用
cli-login-arg-no-browser = 只打印地址，不打开浏览器
cli-login-arg-import = 从文件导入登录（含 access_token、refresh_token、expires_at 和 client_id）
cli-logout-about = 退出登录
cli-logout-arg-app = 配置中的应用（默认：需要用户登录的那一个）
cli-logout-arg-export = 先把登录写入这个新文件，以便在别处使用

cli-login-open =
    如果浏览器没有自动打开，请在本机的浏览器中打开：
        { $url }
    正在等待你授权……
cli-login-device =
    请在任意设备上打开：
        { $url }
    并输入代码：{ $code }
    正在等待你授权……
cli-login-no-browser = 这里无法打开浏览器。
cli-login-done = 已登录应用 { $app }（{ $host }）。cozegate 运行期间会自动续期。
cli-login-next =
    接下来：
      cozegate token --app { $app }    获取这次登录的访问令牌
      cozegate serve                运行两个服务，并保持登录
cli-login-listener = 登录
cli-login-other-kind = 应用 { $app } 的类型是 { $kind }，它不以这种方式获取令牌。
cli-login-no-app = 配置中没有合适的应用：只有 web、pkce 和 device 类型的应用需要登录。
cli-login-which-app = 有多个合适的应用，请用 --app 指定其中之一：{ $names }。
cli-login-elsewhere = 登录后无法回到这台机器。
cli-login-file = { $path } 中的登录无法使用。
cli-login-denied = 应用 { $app } 的登录被拒绝。
cli-login-not-finished = 应用 { $app } 的登录没有及时完成。
cli-login-required = 应用 { $app } 尚未登录，或登录已失效。
cli-hint-login-kinds = web、pkce 和 device 类型的应用需要登录；jwt、pat 和 sat 应用自行获取令牌。可用 "cozegate config show" 查看。
cli-hint-login-elsewhere = "cozegate login" 需要形如 http://127.0.0.1:8081/callback 的 redirect_uri：写入配置，并在控制台登记。
cli-hint-login-page = 占用者正是认证服务，请在那里登录：{ $url }
cli-hint-login-page-within-tls = 这个 https:// 地址上的回答由认证服务接收。请运行 "cozegate serve"，然后在这里登录：{ $url }
cli-hint-login-use-device = 请停止那个程序，或改用无需本机浏览器的方式：cozegate login --flow device。
cli-hint-login-port = 请停止那个程序，或换一个端口：修改配置中的 redirect_uri，并在控制台同样登记。
cli-hint-login = 请登录：cozegate login --app { $app }
cli-logout-exported = 登录已写入 { $path }，只有你能读取。
cli-logout-not-written = 无法把登录写入 { $path }，因此登录保持不变。
cli-sessions-not-ended = 存储没有响应，无法结束用先前的登录打开的会话；它们到期后会自行结束。
cli-logout-done = 已退出应用 { $app } 的登录。
cli-logout-nobody = 应用 { $app } 并没有登录。
cli-logout-what-stays = 扣子无法得知：最后一个访问令牌在那里最多还有效一刻钟，正在运行的服务也会用到那时。
cli-token-ends-soon = 应用 { $app } 的固定令牌将在 { $days } 天后到期，且无法续期。请在扣子控制台新建一个并写入配置。
cli-token-ended = 应用 { $app } 的固定令牌已经到期。请在扣子控制台新建一个并写入配置。
