### cozegate init 写出的文件里的注释（crates/gateway/src/config/draft）。init-<配置项>：这一项是做什么的。

init-heading-template = cozegate.toml 模板。把空着的地方填好，再运行 cozegate config check。
init-heading-from = cozegate.toml，由 cozegate init 根据 { $source } 生成。
init-heading =
    “# ”后面的行是默认值或示例。相对路径以本文件所在目录为准。
    所有配置项的说明见 docs/reference/configuration.md。
init-other-app = 也可以用个人访问令牌，这时所有人共用令牌主人的身份。

init-app-jwt = 应用“{ $app }”：用私钥签名的服务类应用，只有这种能区分不同的用户。
init-app-web = 应用“{ $app }”：需要有人登录，应用用密钥证明自己。
init-app-pkce = 应用“{ $app }”：需要有人登录，不需要密钥。
init-app-device = 应用“{ $app }”：在另一台设备上登录。
init-app-pat = 应用“{ $app }”：个人访问令牌，所有人共用一个身份。
init-app-sat = 应用“{ $app }”：服务访问令牌，所有人共用一个身份。

init-section-server = 两个服务监听的地址。
init-section-cors = 除了扣子和我们自己的页面，还允许哪些网页调用。
init-section-chat = 聊天页面。
init-section-visitors = 浏览器手里的句柄，用来代替扣子令牌。
init-section-store = 令牌、句柄和登录信息加密存放在哪里。
init-section-limits = 每个调用者可以用多少，0 表示不限。超出后的回答见 docs/reference/limits.md。
init-section-timeouts = 等待扣子多久。

init-mode = 只给自己这台机器用
init-default-app = 没有指明应用时用哪一个
init-kind = jwt、web、pkce、device、pat 或 sat
init-region = cn 是 coze.cn，com 是 coze.com
init-api-base = API 的地址
init-www-base = 控制台的地址
init-ws-base = WebSocket 的地址
init-client-id = OAuth 应用的 ID，见控制台
init-public-key-id = 控制台里公钥旁边显示的指纹
init-private-key-file = 与它同时生成的私钥
init-client-secret-file = 应用的密钥
init-redirect-uri = 控制台里登记的地址要与这里完全一致
init-token-file = 令牌
init-expires-at = 控制台显示的到期时间
init-duration-seconds = 访问令牌的有效秒数，1 到 86399
init-account-id = 为授权过本应用的其他账号申请令牌
init-enterprise-id = 为企业申请令牌，不能与 account_id 同时写
init-scope-permissions = 令牌的权限，不写则为应用的全部权限
init-scope-bots = 令牌可以对话的智能体，不写则不限
init-session-context-device-id = 设备，用于企业版计费
init-session-context-custom-consumer = 计费对象
init-proxy-addr = 代理
init-auth-addr = 认证服务和页面
init-workers = 处理代理流量的线程数，默认每个 CPU 核一个
init-origins = 每个网页的 scheme://host[:port]
init-bot-id = 打开时使用的智能体，不写则由页面询问
init-title = 页面标题
init-handle-ttl-seconds = 句柄的有效秒数
init-secret-file = 访客的会话历史靠它区分，默认放在用户的状态目录下
init-connect-seconds = 建立连接
init-head-seconds = 回答开始之前
init-trusted-proxies = 自己放在前面的代理，只相信它们写的 X-Forwarded-For 或 Forwarded
init-requests-per-minute = 每个调用者每分钟的 API 请求数
init-address-requests-per-minute = 每个地址每分钟的 API 请求数
init-burst = 其中一次最多可以同时来多少个
init-sessions-per-minute = 每个地址每分钟可以开的会话和取的令牌
init-logins-per-minute = 每个地址每分钟可以开始的登录
init-streams-per-caller = 每个调用者同时进行的流、上传和未结束的回答
init-exchanges = 所有调用者加起来的同一数目
init-body-bytes = 请求体的字节数
init-upload-bytes = 上传文件和音频时的字节数
init-total-seconds = 非流式回答从请求开始到结束；默认不限
init-idle-seconds = 两段回答之间
init-shutdown-seconds = 停止时留给进行中的回答
init-workspace-id = 成员登录后在其中协作的工作空间
init-challenge-method = S256；只有平台不支持时才用 plain
init-store-kind = sqlite（单机）、postgres 或 redis（多机）、memory（进程结束即清空）
init-store-path = SQLite 文件；默认在用户的状态目录下
init-store-url-env = 存放 postgres://user:password@host/database（或 redis://...）的环境变量
init-store-prefix = Redis 中所有键的前缀
init-store-seal-key-file = 加密所有内容的密钥，首次启动时生成；多台机器须使用同一个
init-store-seal-key-keyring = 或系统钥匙串中的名称
