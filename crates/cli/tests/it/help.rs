//! Help and usage, as typed by somebody who has never seen the program.

use crate::binary::Home;

#[test]
fn help_speaks_both_languages() {
    insta::assert_snapshot!(Home::new().transcript(&["--help"]), @"
    exit: 0
    ----- stdout -----
    One binary between your users and the Coze platform: proxy, tokens, one isolated history per user

    Usage: cozegate [OPTIONS] <COMMAND>

    Commands:
      serve     Run the proxy and the auth service until Ctrl-C
      demo      Try everything against a built-in emulator: no account, no network, no file
      emulator  Run the emulator of the Coze platform alone
      init      Write a commented cozegate.toml
      login     Log in to an app of kind web, pkce or device
      logout    Forget a login
      token     Print a Coze access token
      ports     Show who holds the ports of the two services
      config    Check or show the configuration

    General options:
          --json             Print the result as JSON on stdout
      -q, --quiet            Print errors only
      -v, --verbose...       Print log lines; twice for more
          --lang <zh-CN|en>  Language of texts (default: from LC_ALL, LC_MESSAGES, LANG)
      -h, --help             Print help
      -V, --version          Print the version
    ----- stderr -----
    ");
    insta::assert_snapshot!(Home::new().transcript(&["serve", "--help", "--lang", "zh-CN"]), @"
    exit: 0
    ----- stdout -----
    运行代理和认证服务，按 Ctrl-C 停止

    用法: cozegate serve [OPTIONS]

    选项:
          --config <FILE>         配置文件（默认依次查找 cozegate.toml、coze_oauth_config.json、.env 和环境变量）
          --only <proxy|auth>     只运行其中一个服务
          --proxy-addr <IP:PORT>  代理监听的地址（默认 127.0.0.1:8080）
          --auth-addr <IP:PORT>   认证服务监听的地址（默认 127.0.0.1:8081）

    通用选项:
          --json             在标准输出以 JSON 给出结果
      -q, --quiet            只显示错误
      -v, --verbose...       显示日志，写两次显示更多
          --lang <zh-CN|en>  文字所用的语言（默认取自 LC_ALL、LC_MESSAGES、LANG）
      -h, --help             显示帮助
    ----- stderr -----
    ");
}

#[test]
fn a_word_that_is_no_command_exits_with_2() {
    let output = Home::new().run(&["sevre"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("serve"));
}

#[test]
fn the_version_is_one_line_on_stdout() {
    let output = Home::new().run(&["--version"]);

    let expected = format!("cozegate {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(0));
}
