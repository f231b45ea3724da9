"""What people run by hand today: a CORS proxy of Flask and requests, with a token per session.

Small, and kinder than most of them: connections upstream are kept, and answers are streamed.
"""

import os

import requests
from flask import Flask, Response, request
from requests.adapters import HTTPAdapter

UPSTREAM = os.environ["BENCH_UPSTREAM"]
TOKENS = {}

app = Flask(__name__)
upstream = requests.Session()
upstream.mount("http://", HTTPAdapter(pool_maxsize=512))
upstream.trust_env = False

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "host", "transfer-encoding"}


@app.route("/<path:path>", methods=["GET", "POST", "OPTIONS"])
def pass_on(path):
    handle = request.headers.get("Authorization", "")
    token = TOKENS.setdefault(handle, f"czs_bench_python_{len(TOKENS)}")
    headers = {name: value for name, value in request.headers if name.lower() not in HOP_BY_HOP}
    headers["Authorization"] = f"Bearer {token}"
    answer = upstream.request(
        request.method,
        f"{UPSTREAM}/{path}",
        params=request.args,
        headers=headers,
        data=request.get_data(),
        stream=True,
        timeout=300,
    )
    passed = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
    passed["Access-Control-Allow-Origin"] = "https://www.coze.cn"
    passed["Vary"] = "Origin"
    return Response(answer.iter_content(chunk_size=None), status=answer.status_code, headers=passed)
