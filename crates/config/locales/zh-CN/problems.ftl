### 出错时的回答：每个问题一个标题（发生了什么）和一段说明（为什么、接下来怎么办）。
### 键名与 crates/gateway/src/problem.rs 中的 ProblemKind::name() 对应。

problem-host-not-allowed-title = 这个地址不属于 cozegate
problem-host-not-allowed-detail =
    请求里的主机名或端口不是我们的，可能有网页正借自己的域名访问你的电脑（DNS 重绑定）。请使用 127.0.0.1 或
    localhost，并带上 cozegate 启动时打印的端口。
problem-origin-not-allowed-title = 页面的来源不在名单上
problem-origin-not-allowed-detail =
    只有名单上的来源才能使用本网关。如果这是你自己的页面，请把它的来源（协议、主机和端口）加入 cozegate.toml 的
    cors.origins；cozegate 会自动重新读取。
problem-cross-site-title = 这个请求由其他网站触发
problem-cross-site-detail =
    浏览器表明，请求由外部页面触发，却没有说明来源。请直接打开这个地址，或在来源已列入 cors.origins 的页面里用 fetch() 调用。
problem-credential-missing-title = 请求没有携带句柄
problem-credential-missing-detail =
    请发送 "Authorization: Bearer <句柄>"。句柄由认证服务的 POST /auth/session 签发。
problem-handle-unknown-title = 句柄不存在或已过期
problem-handle-unknown-detail = 请用 POST /auth/session 重新获取句柄后再次请求；访客的历史记录会保留。
problem-credential-not-accepted-title = 这里不接受这种凭证
problem-credential-not-accepted-detail =
    请只发送一个 Authorization 字段，内容为 "Bearer" 加上 POST /auth/session 签发的句柄。本地模式下也接受 Coze 令牌（pat_、
    sat_、czs_、czu_）。
problem-no-such-endpoint-title = 这个地址下没有内容
problem-no-such-endpoint-detail =
    代理服务提供 /v1/、/v3/、/open_api/ 和文件网址；认证服务提供 /、/login、/callback、/chat 和 /auth/session。请检查路径和端口。
problem-path-refused-title = 路径不被允许
problem-path-refused-detail = 路径中含有点段、反斜杠或控制字符（原样或编码形式）。请使用普通写法。
problem-method-unknown-title = 未知的请求方法
problem-method-unknown-detail = HTTP 没有这个方法，或者网关不认识它。请使用 GET、HEAD、POST、PUT、PATCH 或 DELETE
problem-method-not-allowed-title = 这里不支持该方法
problem-method-not-allowed-detail = 地址存在，但不支持这个方法；可用的方法见 Allow 字段。
problem-bad-request-title = 请求不符合要求
problem-bad-request-detail = 请求体或参数与该地址的要求不符，请对照 docs/reference 中的说明。
problem-websocket-handshake-title = 这不是合格的 WebSocket 握手
problem-websocket-handshake-detail =
    握手应为 GET 请求，带有 Upgrade: websocket、Connection: Upgrade、一个 16 字节（Base64）的 Sec-WebSocket-Key 和
    Sec-WebSocket-Version: 13，且没有请求体（RFC 6455）。若 cozegate 前面还有代理，请检查它是否去掉了其中的字段。
problem-websocket-version-title = 不支持这个 WebSocket 版本
problem-websocket-version-detail = 只支持版本 13（RFC 6455），请升级客户端。
problem-app-unknown-title = 没有这个名称的应用
problem-app-unknown-detail = 参数 "app" 须为配置文件 [apps] 中的名称；不填则使用默认应用。
problem-session-name-invalid-title = 这个 session_name 不能使用
problem-session-name-invalid-detail = session_name 的长度为 1 到 256 字节，不能全是空白，也不能包含控制字符。
problem-session-name-refused-title = 这里不能自己指定 session_name
problem-session-name-refused-detail = 这个网关面向公众：谁能指定会话名，谁就能读到它的历史记录。请去掉 session_name；每位访客都有自己的历史记录
problem-local-mode-only-title = public 模式下不提供
problem-local-mode-only-detail = 这个地址会给出令牌或更改登录，只有在自己机器上的人才可以使用（mode = "local"）。访客用 POST /auth/session 打开会话；指标只给本机的请求
problem-pairing-needed-title = 这个用户脚本不属于这个网关
problem-pairing-needed-detail = 浏览器扩展发来的请求没有带上本网关所提供的用户脚本的密钥，或者密钥已经过期。请从认证服务的 /cozegate.user.js 重新安装用户脚本。演示模式每次启动都会生成新的密钥
problem-operation-not-allowed-title = 访客不能在这里执行这个操作
problem-operation-not-allowed-detail =
    这个操作不在本站点访客可用的操作之内，没有向扣子发送任何内容。成员 "setting" 写明了可以放行的配置键。
problem-parameter-not-allowed-title = 不允许这个查询参数
problem-parameter-not-allowed-detail =
    成员 "parameter" 指出的查询参数，访客不能随这个操作发送；没有向扣子发送任何内容。请去掉它。允许的参数见 docs/reference/operations.md。
problem-member-not-allowed-title = 不允许这个 JSON 成员
problem-member-not-allowed-detail =
    成员 "member" 指出的内容，访客不能随这个操作发送；没有向扣子发送任何内容。请去掉它，或者请运维人员写进站点的 "members"。
problem-value-not-allowed-title = 不允许这个值
problem-value-not-allowed-detail =
    所指的参数或成员的值不允许访客发送：草稿、调试运行、其他版本或其他渠道。没有向扣子发送任何内容。
problem-bot-not-allowed-title = 这个智能体不属于本站点
problem-bot-not-allowed-detail =
    本站点的访客只能使用配置中列出的智能体、工作流和应用；没有向扣子发送任何内容。成员 "setting" 写明了对应的列表。
problem-user-id-refused-title = 这个 user_id 不是本会话的用户
problem-user-id-refused-detail =
    请求只能使用自己会话的用户：POST /auth/session 应答中的 user.id。扣子按它保存变量和数据库。没有向扣子发送任何内容。
problem-site-mismatch-title = 这属于另一个站点
problem-site-mismatch-detail =
    页面、应用或句柄属于本网关的另一个站点。请从本站点的页面打开会话，并且不要指定应用。
problem-origin-needed-title = 只有本站点的页面可以打开会话
problem-origin-needed-detail =
    请求没有 Origin，说明不是本站点的页面发出的。小程序和原生应用需要运维人员在站点的配置里写 without_origin = true。
problem-request-ambiguous-title = 这个请求可以有两种理解
problem-request-ambiguous-detail =
    参数或成员出现了两次，请求体不是单个 UTF-8 的 JSON 对象，或者在不该有的地方带了请求体。不同的服务器理解不同，因此没有向扣子发送任何内容。请让每个名称只出现一次，并使用 UTF-8 的 JSON。
problem-media-type-refused-title = 请求体的媒体类型不对
problem-media-type-refused-detail =
    JSON 请用 Content-Type: application/json，不要带 Content-Encoding；文件请用 multipart/form-data 发到上传地址。没有向扣子发送任何内容。
problem-resource-unknown-title = 请求的资源不存在，请检查资源 ID 是否正确。
problem-resource-unknown-detail =
    这个对话、聊天、消息或文件不属于这位访客，或者不存在。请新建自己的对话；没有向扣子发送任何内容。
problem-answer-not-filtered-title = 扣子的应答无法过滤
problem-answer-not-filtered-detail =
    这个操作的应答可能包含提示词，访客得到的是过滤后的内容。这次的应答超过 1 MiB 或不是 JSON，因此没有转发。日志里有它的 log_id。
problem-body-too-large-title = 请求体过大
problem-body-too-large-detail = 这个地址不接受这么大的请求体，请求没有执行。文件请发送到代理的 /v1/files/upload。
problem-rate-limited-title = 请求太频繁
problem-rate-limited-detail = 一分钟内的请求超过了允许的数目。请等 Retry-After 所说的秒数后再试；这个请求没有发给 Coze
problem-too-many-streams-title = 同时进行的请求太多
problem-too-many-streams-detail = 正在进行的流、上传和未结束的回答已经达到上限。请等其中一个结束后再试；这个请求没有发给 Coze
problem-buffer-full-title = 没有内存可用于这个请求
problem-buffer-full-detail = 网关为调用者缓存在内存中的数据已经达到上限。请等 Retry-After 所说的秒数后再试；这个请求没有执行
problem-with-limit = { $detail }。触及的限制是 { $limit }
problem-body-overdue-title = 请求体没有到达
problem-body-overdue-detail = 请求体还没有发完，但在 timeouts.idle_seconds 内没有收到任何内容。请重新发送请求。
problem-head-refused-title = 无法读取该请求
problem-head-refused-detail = 请求头不符合 RFC 9112 规定的 HTTP/1.1，或者不同的程序会有不同的解读。请检查换行、Content-Length 和 Transfer-Encoding；日志中有具体原因。
problem-head-too-large-title = 请求头过大
problem-head-too-large-detail = 请求体之前最多允许 32 KiB 和 100 个字段。原因常常是 Cookie：请在浏览器中删除此地址的 Cookie。
problem-head-overdue-title = 请求没有发送完
problem-head-overdue-detail = 请求已开始，但十秒后请求头仍不完整。请重新发送请求。
problem-too-many-connections-title = 连接过多
problem-too-many-connections-detail = 打开的连接数已达到 limits.connections，且都在使用中。请稍后再试。
problem-token-refused-title = Coze 拒绝为此应用签发令牌
problem-token-refused-detail =
    应用的设置或密钥与 Coze 的记录不一致：区域、client_id、public_key_id 或私钥。请运行 "cozegate config check"，再运行
    "cozegate token" 查看 Coze 的原话；联系其支持时请提供 log id。
problem-credential-refused-title = Coze 拒绝了 cozegate 发送的令牌
problem-credential-refused-detail =
    Coze 应答说访问令牌无效。固定令牌（个人或服务访问令牌）可能已被撤销：请新建一个并写入配置。若是自动更新的令牌，则更新后仍被
    拒绝，或请求过大而无法重发：请重试，并核对 api_base 与应用所在的区域。
problem-login-required-title = 此应用尚未登录
problem-login-required-detail =
    这个应用代表在 Coze 登录的人，而登录不存在或已失效。请重新登录；jwt 类型的 OAuth 应用不需要登录。
problem-personal-token-ended-title = 个人访问令牌已到期
problem-personal-token-ended-detail =
    Coze 的个人访问令牌最长有效 30 天。请在控制台新建一个，写入配置，cozegate 会自动重新读取；使用 jwt 类型的 OAuth 应用则无需这样更换。
problem-token-endpoint-unreachable-title = Coze 的令牌接口没有响应
problem-token-endpoint-unreachable-detail =
    没有取到令牌：地址无法访问、应答的是别的服务，或取到的令牌已经过期。请检查网络、中间的代理、api_base 以及本机时钟；cozegate 会自动重试。
problem-upstream-unreachable-title = 无法连接 Coze 的 API
problem-upstream-unreachable-detail = 与 API 地址的连接没有建立。请检查网络和 api_base，然后重试。
problem-upstream-timed-out-title = Coze 的 API 没有及时应答
problem-upstream-timed-out-detail =
    请求已发出，但没有及时收到应答。它可能已经执行，重复之前请先确认。
problem-upstream-broken-title = 与 Coze API 的连接中断
problem-upstream-broken-detail = 连接在应答到达之前断开。请求可能已经执行，重复之前请先确认。
problem-stopping-title = cozegate 正在停止
problem-stopping-detail = 正在进行的应答会完成，不再接受新的请求。请在恢复后重试。
problem-internal-title = cozegate 自身出错
problem-internal-detail = 这不应该发生。日志里有更多信息；请连同请求的时间一起报告。
problem-target-refused-title = 这个网址不会被获取
problem-target-refused-detail =
    代理只获取 files.hosts 中各主机的文件（见 GET / 的 file_hosts），并转发应用 API 下的网址。请用普通写法：协议、主机之间
    没有别的内容，查询部分做百分号编码，不带用户名和密码，也不带“#”。
problem-file-not-found-title = 主机上没有这个文件
problem-file-not-found-detail =
    请与原始地址核对路径，尤其是其中的版本号。
problem-file-not-served-title = 这不是网页要加载的文件
problem-file-not-served-detail =
    主机返回的不是脚本、样式、字体、图片或数据，也许是一个错误页面。请直接打开原始地址查看。
problem-file-too-large-title = 文件太大
problem-file-too-large-detail =
    它超过了 files.file_mib 的上限。
problem-file-host-failed-title = 文件所在的主机出错
problem-file-host-failed-detail =
    它返回了错误，或者回答中断了。请重试；打开原始地址可以看到它说了什么。
problem-file-host-unreachable-title = 连不上文件所在的主机
problem-file-host-unreachable-detail =
    无法建立连接：可能是网络、DNS 或防火墙。用 "curl -I" 访问原始地址可以看出是哪一个。
problem-file-host-timed-out-title = 文件所在的主机太慢
problem-file-host-timed-out-detail =
    它可能正忙，请稍后再试。
problem-file-address-refused-title = 文件所在的主机没有公网地址
problem-file-address-refused-detail =
    它的域名指向内网或本机。如果确实如此（自建镜像，或者 VPN 给每个域名都返回自己的地址），请把该主机写入
    files.private_hosts。
problem-file-redirect-refused-title = 文件所在的主机重定向到别处
problem-file-redirect-refused-detail =
    它转到了不在 files.hosts 中的主机，或重定向超过三次。请直接使用它指向的地址，并把那个主机加入列表。
problem-store-unavailable-title = 存储没有响应
problem-store-unavailable-detail =
    cozegate 把令牌和会话保存在存储中，而现在无法访问它。内存中已有的仍会继续提供，请稍后重试；具体原因见日志。
problem-renewal-unfinished-title = 令牌仍在续期
problem-renewal-unfinished-detail =
    续期比平时慢（在本实例或其他实例中），但仍在进行。请稍后重试。
problem-login-unsupported-title = 此应用不需要登录
problem-login-unsupported-detail = 只有 web、pkce 和 device 类型的应用代表某个人。此应用自行获取令牌，可以直接使用。
problem-login-not-begun-here-title = 这次登录不是从这里开始的
problem-login-not-begun-here-detail =
    这个回答不属于本浏览器的任何登录：它在别处开始、已经用过，或超时了。没有任何改动。请从 /login 重新开始。
problem-login-denied-title = 登录被拒绝
problem-login-denied-detail = 你在 Coze 的页面上选择了拒绝，或 Coze 不允许此应用。没有任何改动；需要时请从 /login 重新开始。
problem-login-too-late-title = 登录超时
problem-login-too-late-detail = 登录须在十分钟内完成；在另一台设备上登录则须在页面显示的时间之前。请从 /login 重新开始。
problem-redirect-elsewhere-title = 登录后无法回到这里
problem-redirect-elsewhere-detail =
    应用的 redirect_uri 没有指向本认证服务。请在配置中写成 http://127.0.0.1:端口/callback（端口为认证服务监听的端口；服务使用证书时写 https://），并在
    Coze 控制台登记完全相同的地址；或运行 "cozegate login"。
