### 配置里可能出的错（crates/gateway/src/config/mistake.rs）和值得一提的事（notice.rs）。
### 每句话接在“文件:行:列: 键: ”之后，先说哪里不对，再说该怎么写。

config-did-you-mean = { $sentence }是不是想写“{ $suggestion }”？
config-place-variable = 环境变量 { $name }

config-shape-text = 带引号的文本
config-shape-number = 整数
config-shape-fraction = 小数
config-shape-switch = true 或 false
config-shape-moment = 日期或时间
config-shape-list = 列表
config-shape-table = 一节配置
config-shape-null = null

config-no-configuration =
    在 { $directory } 里没有找到配置。有三种办法，任选其一：
    1. 在扣子控制台的 OAuth 应用页面下载 coze_oauth_config.json，放到这个目录。
    2. 在环境变量或 .env 文件里设置 COZE_API_BASE，再配上 COZE_API_TOKEN（个人访问令牌），或者配上 COZE_CLIENT_ID、COZE_PUBLIC_KEY（公钥 ID）和 COZE_PRIVATE_KEY_PATH。
    3. 运行 cozegate demo：不需要账号，也不需要任何配置。
config-untrusted-writable = 其他用户可以写入 { $path }（权限 { $mode }），因此不读取它。请只允许自己写入：chmod go-w { $path }
config-untrusted-foreign = { $path } 属于另一个用户（uid { $owner }），因此不读取它。请用 chown 改为自己或 root 所有，或者以只读方式挂载。
config-untrusted-folder-writable = 其他用户可以写入目录 { $folder }（权限 { $mode }）并替换 { $path }，因此不读取它：chmod go-w { $folder }
config-untrusted-folder-foreign = 目录 { $folder } 属于另一个用户（uid { $owner }），该用户可以替换 { $path }，因此不读取它。请用 chown 把目录改为自己或 root 所有。
config-file-unreadable = 读不了这个文件：{ $reason }。
config-not-utf8 = 文件不是 UTF-8 编码，请另存为 UTF-8。
config-syntax = 文件在这里写得不对：{ $reason }。
config-unknown-key = 没有这个配置项。
config-unknown-key-of = 没有这个配置项。这里可以写：{ $known }。
config-key-of-other-kind = 这个配置项只用于 kind 为 { $kinds } 的应用。
config-missing-key = 缺少这个配置项。
config-blank = 值是空的。
config-wrong-shape = 这里应该是{ $expected }，实际写的是{ $found }。
config-not-one-of = 不能写“{ $value }”，只能是：{ $allowed }。
config-out-of-range = { $value } 不是 { $min } 到 { $max } 之间的整数。
config-invalid-address = “{ $value }”不是地址，请写成 IP:端口，例如 127.0.0.1:8080。
config-invalid-network = “{ $value }”不是网络地址，请写成 IP 或 IP/前缀长度，例如 10.0.0.0/8 或 ::1。
config-not-loopback = { $address } 能被其他机器访问，而 local 模式信任所有连得上的人。请写 127.0.0.1（或 [::1]）；要给别人用，请写 mode = "public"。
config-same-address = 两个服务都要监听 { $address }，请给其中一个换个端口。
config-key-of-public-mode = 这个键属于 public 模式。请删掉这一行，或者写 mode = "public"。
config-public-needs-visitors = 没有写明怎样区分访客。请写 kinds = ["anonymous"]：cozegate 给每个浏览器一个编号，各有各的历史记录。
config-public-needs-origins = 还没有任何页面可以使用这个网关。请列出可以使用的页面的来源：origins = ["https://www.example.com"]。
config-public-needs-secret = 每位访客的历史记录都系于一个密钥，所以它的位置必须明确，并且要备份。请写 secret_file = "/var/lib/cozegate/visitors.secret"；文件在第一次启动时生成，所有实例要用同一个。
config-public-needs-url = 没有写明访客的浏览器怎样访问这个服务。请写它对外的地址，例如 "https://chat.example.com"。
config-public-url-plain = "{ $value }" 会让所有对话以明文传输。请用 https://；只有试用时的 127.0.0.1 和 localhost 可以用 http://。
config-public-needs-tls = 访客用 https:// 访问，但这里没有人提供它。请设置 tls_certificate_file 和 tls_key_file，或者把提供它的反向代理写进 trusted_proxies。
config-public-shares-history = "{ $kind }" 类应用的历史记录是所有人共用的：每位访客都能看到别人的对话。public 模式只接受 "jwt" 类应用。
config-public-needs-bots = public 模式需要写明访客可以使用哪些智能体。请在这一节写 bots = ["7500000000000000001"]，或者写进 chat.bots。bots = ["*"] 表示应用能访问的所有智能体，包括未发布的。
config-key-of-local-mode = 这个键属于 local 模式。请删掉这一行；public 模式下由 [sites] 决定访客可以做什么。
config-origins-of-no-site = cors.origins 是站点 "main" 的来源，但 [sites] 里没有 "main"。请把这些来源写进某个站点的 origins。
config-origin-of-two-sites = { $origin } 已经属于站点 "{ $other }"。一个来源只能属于一个站点。
config-invalid-site-name = "{ $name }" 不能作为站点名。请用小写字母、数字、"-" 和 "_"，最多 64 个字符。
config-unknown-group = "{ $value }" 不是操作组。可以给访客的操作组有：{ $known }。
config-group-not-for-visitors = 任何设置都不能把 "{ $group }" 给访客：它用来管理账号。可以给访客的操作组见 docs/reference/operations.md。
config-invalid-member = "{ $name }" 不是 JSON 成员名。请用字母、数字和 "_"，最多 64 个字符。
config-member-is-checked = "{ $name }" 由访客策略检查，任何写法都不能放行。请删掉它。
config-bot-field-refused = "{ $name }" 包含智能体的提示词，访客不能读取。请删掉它。
config-invalid-field = "{ $name }" 不是请求头字段名。
config-field-refused = 字段 "{ $name }" 不会发给扣子：它包含凭据、说明请求来自哪里，或只属于一条连接。请删掉它。
config-invalid-bot = "{ $value }" 不是智能体。请写它的 ID，空格之后写给人看的名字："7500000000000000001 客服"。
config-invalid-script = "{ $value }" 不是脚本的地址。请写 https://主机/路径/script.js。
config-invalid-site = "{ $value }" 不是用户脚本的匹配模式。请写 "https://www.example.com/*" 或 "*://*.example.com/*"。
config-base-not-a-url = “{ $value }”不是以 https:// 开头的地址。
config-base-scheme = “{ $value }”的协议不对：api_base 和 www_base 以 https://（或 http://）开头，ws_base 以 wss://（或 ws://）开头。
config-base-credentials = “{ $value }”里带有用户名或密码，请只写协议和主机。
config-base-path = “{ $value }”在主机后面还有内容，请只写协议和主机。
config-base-console = “{ $value }”是控制台的地址，API 有自己的地址。
config-regions-mixed = { $other_host } 和 { $api_host } 属于不同的区域，两边的应用、账号和令牌互不相通。
config-region-and-base = "region" 和 "api_base" 都写了，请只留一个。
config-region-unknown = 没有写明用的是哪个扣子平台，而应用只存在于其中一个。请写 https://api.coze.cn（region 为 "cn"）或 https://api.coze.com（region 为 "com"）。
config-origin-everyone = 写“*”会让任何网页都能用你的令牌，请逐个列出允许的来源。
config-origin-null = “null”是所有本地文件和沙盒框架的来源。请用 http:// 或 https:// 提供页面，再把那个来源列在这里。
config-origin-not-an-origin = “{ $value }”不是网页来源，请写成 scheme://host 或 scheme://host:port。
config-origin-path = “{ $value }”在主机后面还有内容，来源的写法是 scheme://host[:port]。
config-invalid-file-host = “{ $value }”不是文件所在的主机。请写 cdn.example.com 这样的域名，或 https://域名:端口；http:// 只能写在 private_hosts 中。
config-invalid-moment = “{ $value }”不是时间，请写成 2026-12-31、2026-12-31T12:00:00Z 或 Unix 秒数。
config-invalid-app-name = “{ $name }”不能用作应用名。请使用小写字母、数字、“-”和“_”，最多 64 个字符。
config-no-apps = 一个应用都没有配置。请加上 [apps.main] 一节，并写明 kind = "jwt" 或 kind = "pat"；cozegate init 可以生成一份。
config-unknown-default-app = 没有名为“{ $name }”的应用。
config-default-app-needed = 有多个应用（{ $names }），请写明默认用哪一个：default_app = "..."。
config-redirect-not-a-url = “{ $value }”不是以 http:// 或 https:// 开头的地址。
config-redirect-fragment = { $value } 的这个地址里带有“#”，或者用户名和密码，请去掉。
config-redirect-spelling = 扣子会逐字比对这个地址和登记的地址，而“{ $value }”在发送时写法会变。请按实际发送的写法填写，并在控制台登记同样的写法。
config-invalid-number = "{ $value }" 不是扣子的 ID。ID 由 1 到 20 位数字组成，不以 0 开头，例如 7500000000000000001。
config-invalid-id = “{ $value }”不是 ID，只能有字母、数字、“_”和“-”。
config-account-and-enterprise = "account_id" 和 "enterprise_id" 都写了，请只留一个。
config-yaml-is-converted = YAML 文件不能直接用作配置。请运行一次“cozegate init --from { $path }”，它会生成应用相同的 cozegate.toml。
config-no-app-in-yaml = “coze”下面没有应用。应用的写法是 coze.oauth，里面有 baseUrl、clientId、publicKey（公钥 ID）和 privateKeyPath。
config-several-documents = 这个文件里还有一段 YAML 文档也写了 coze。请把要用的那一段单独放进一个文件。
config-historic-app-id = 旧教程里有这个字段，但控制台并不生成它。请到 OAuth 应用页面重新下载 coze_oauth_config.json。
config-historic-domain = 旧代码里有这个字段，但控制台并不生成它。现在叫 coze_api_base，并且要带上 https://。
config-key-instead-of-id = 这里写的是密钥本身，应该写它的 ID，也就是控制台里公钥旁边显示的指纹。
config-several-sources = 这个密钥写了不止一个来源，请只留一个（另外还写了：{ $keys }）。
config-no-source = 缺少密钥，请写其中一项：{ $keys }。
config-tls-no-certificate = 该文件中没有证书。请使用 PEM 格式：先是服务器自己的证书，再是签发它的证书。
config-tls-bad-certificate = 该文件中有无法读取的证书。
config-tls-no-key = 该文件中没有私钥。请使用不带口令的 PEM：PKCS#8、PKCS#1 或 SEC1。
config-tls-bad-key = TLS 无法使用此密钥。请使用 2048 位以上的 RSA、P-256、P-384 或 Ed25519。
config-tls-other-key = 此密钥与 tls_certificate_file 中的第一个证书不匹配。
config-secret-file-unreadable = 读不了 { $path }：{ $reason }。
config-secret-variable-unset = 没有设置环境变量 { $name }。
config-command-not-started = 无法启动命令“{ $program }”：{ $reason }。
config-command-status = 命令“{ $program }”执行失败（{ $reason }）。
config-command-timed-out = 命令“{ $program }”在 { $reason } 秒内没有结束。
config-command-output = 命令“{ $program }”的输出不是文本。
config-secret-empty = 密钥是空的。
config-token-malformed = 密钥里有无法发送的字符，比如空格或换行。

config-key-public = 这是公钥。这里需要同一对里的私钥，公钥应该上传到控制台。
config-key-encrypted = 私钥设置了密码。请去掉密码：openssl pkcs8 -topk8 -nocrypt -in 旧文件 -out 新文件。
config-key-elliptic-curve = 这是椭圆曲线密钥，而扣子只接受 RSA 密钥。请在控制台重新生成一对。
config-key-too-weak = RSA 密钥只有 { $bits } 位，至少需要 2048 位。请在控制台重新生成一对。
config-key-certificate = 这是证书，这里需要与它对应的私钥。
config-key-not-pem = 这不是私钥：没有 -----BEGIN PRIVATE KEY----- 这一行。
config-key-malformed = 私钥损坏或不完整。请从 -----BEGIN 到 -----END 重新完整复制一遍。
config-key-unsupported = 扣子不接受“{ $label }”这种密钥，需要 PKCS#8 格式的 RSA 私钥。

config-notice-inline-secret = 密钥直接写在了配置里。放到单独的文件、环境变量或命令里，就不会跟着进备份和版本库。
config-notice-secret-file-readable = 这台机器上的其他人也能读 { $path }（权限 { $mode }）。请运行：chmod 600 { $path }
config-notice-unknown-field = 这个字段没有用处。
config-notice-unused-variable = 这个变量没有用到，因为同时设置了 { $winner }。
config-notice-policy-only-reports = 这个站点的访客策略不拒绝任何请求：访客可以做应用令牌能做的一切。请查看日志中的 “would be refused”，然后写 policy = "enforce"。
config-notice-ownership-only-observes = 这个站点的访客只要知道别人的对话或文件的 ID，就可以使用它（取决于扣子允许应用令牌做什么）。请写 ownership = "enforce"。
config-notice-every-bot = 这个站点的访客可以使用应用令牌能访问的所有智能体，包括未发布的。请改为列出智能体。
config-notice-plain-http = 令牌会以明文发往 { $host }，请改用 https。
config-notice-plain-redirect = 登录结果会以明文经过 { $host } 返回，请改用 https 或 127.0.0.1。
config-repair-byte-order-mark = 私钥开头有字节顺序标记（BOM），不影响使用。
config-repair-quotes = 私钥外面多了引号，不影响使用。
config-repair-escaped-newlines = 私钥里的换行写成了 \n，不影响使用。
config-repair-carriage-returns = 私钥用的是 Windows 换行，不影响使用。
config-repair-line-breaks = 私钥丢了换行，不影响使用。
config-repair-armor = 私钥丢了 BEGIN 和 END 两行，不影响使用。
config-repair-surrounding-text = 私钥前后还有别的内容，已经忽略。
config-repair-pkcs1 = 私钥是较旧的 PKCS#1 格式。这里能用，但部分扣子 SDK 只认 PKCS#8。
