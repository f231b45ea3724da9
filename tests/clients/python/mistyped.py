"""Configurations in which a secret stands where none belongs, in each way that people have found.

`typo` makes a new secret, after a prefix; what is given back is the text of a file, or what goes into an environment.
"""

import json
from urllib.parse import quote


def in_our_file(right, typo):
    """A right `cozegate.toml`, each time with one such mistake in it."""
    app = '[apps.other]\nkind = "{}"\nregion = "cn"\n'.format
    yield right + f'[apps.other]\nkind = "pat"\nregion = "cn"\ntokn = "{typo("pat_")}"\n'
    yield right + app("pat") + f'token = ["{typo("pat_")}"]\n'
    yield right + app("pat") + f'token = {{ value = "{typo("pat_")}" }}\n'
    yield right + app("pat") + f"token = {typo('pat_')}\n"
    yield right + app("pat") + f'token = "{typo("pat_")}\n'
    yield right + app("pat") + f'token = "{typo("pat_")} {typo()}"\n'
    yield right + app("pat") + f'token = "{typo("pat_")}"\ntoken = "{typo("pat_")}"\n'
    yield right + app("pat") + f'token = "{typo("pat_")}"\nprivate_key = "{typo()}"\n'
    yield right + app("web") + f'client_id = "1.app.coze"\nclient_secrett = "{typo()}"\n'
    yield right + app("jwt") + f'client_id = "1"\npublic_key_id = "k"\nprivate_key = "{typo()}"\n'
    for base in ("https://me:{}@api.coze.cn", "me:{}@api.coze.cn", "ftp://me:{}@api.coze.cn"):
        app_base = base.format(typo())
        yield right + f'[apps.other]\nkind = "pat"\napi_base = "{app_base}"\ntoken = "{typo()}"\n'
    yield right + f'[cors]\norigins = ["https://me:{typo()}@www.example.com"]\n'
    yield right + app("pkce") + f'client_id = "1.app.coze"\nredirect_uri = "http://me:{typo()}@127.0.0.1/"\n'
    yield right + app("pkce") + f'client_id = "1.app.coze"\nredirect_uri = "myapp://me:{typo()}@x/"\n'
    yield right + app("pkce") + f'client_id = "1.app.coze"\nredirect_uri = "HTTP://me:{typo()}@x"\n'
    yield right.replace("seal_key_env =", f'seal_keyy = "{typo()}"\nseal_key_env =')
    yield right.replace("seal_key_env =", f'url = "postgres://me:{typo()}@127.0.0.1/db"\nseal_key_env =')


def in_variables(typo):
    """Variables over a right file."""
    for name in ("APPS__MAIN__TOKN", "APPS__MAIN__PRIVATE_KEYY", "STORE__SEAL_KEYY"):
        yield {f"COZEGATE__{name}": typo()}


def in_other_files(typo):
    """Files of other origins, by name."""
    console = {"client_type": "web", "client_id": "1.app.coze", "coze_api_base": "https://api.coze.cn"}
    return {
        "a.json": json.dumps({**console, "client_secrett": typo()}),
        "b.json": json.dumps({**console, "client_secret": [typo()]}),
        "c.json": json.dumps({**console, "client_secret": typo()})[:-1],
        "d.yaml": f"coze:\n  oauth:\n    baseUrl: https://api.coze.cn\n    tokenn: {typo()}\n",
        "e.yaml": f"coze:\n  oauth: {{ baseUrl: 'x', token: '{typo()}\n",
    }


def stores(port, password):
    """Stores that cannot be reached, since nobody listens at `port` or the address is none: kind and address."""
    for kind, address in (
        ("postgres", f"postgres://me:PASSWORD@127.0.0.1:{port}/db"),
        ("postgres", f"postgres://127.0.0.1:{port}/db?user=me&password=PASSWORD"),
        ("postgres", f"postgres://127.0.0.1:{port}/db?password=PASSWORD&sslmode=wrong"),
        ("postgres", "postgres://me:PASSWORD@127.0.0.1:none/db"),
        ("redis", f"redis://me:PASSWORD@127.0.0.1:{port}/0"),
        ("redis", "redis://me:PASSWORD@127.0.0.1:none/0"),
        ("redis", "me:PASSWORD@127.0.0.1"),
    ):
        yield kind, address.replace("PASSWORD", quote(password(), safe=""))
