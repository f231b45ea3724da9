// The part of the emulated manager that stands in the page, evaluated as an expression: the GM functions, and the scope in
// which the script runs. It knows how each kind of manager tells about an answer (chat-sdk 4.4).
function userscriptSandbox({ kind, binding, isIsolated, grants, values, info }) {
  const realWindow = globalThis;
  const say = globalThis[binding];
  const tell = (message) => say(JSON.stringify(message));
  const requests = new Map();
  const commands = new Map();
  let count = 0;

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const base64Of = (bytes) => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };

  /** How an answer is told. Each hears `head`, `chunk`, `end`. */
  const TELLERS = {
    // The stream comes with `onloadstart`, before the status is known (Tampermonkey's issue 1278; ScriptCat 1.5.0-beta.2).
    // ScriptCat never closes it: there only `onload` says that the answer is complete.
    stream(details, state) {
      const stream = new ReadableStream({
        start: (controller) => {
          state.controller = controller;
        },
        cancel: () => tell({ type: "abort", id: state.id }),
      });
      setTimeout(() => details.onloadstart?.({ readyState: 1, status: 0, response: stream }));
      return {
        head: () => details.onreadystatechange?.({ ...state.head, readyState: 2 }),
        chunk(bytes) {
          state.controller.enqueue(bytes);
          details.onprogress?.({
            ...state.head,
            readyState: 3,
            loaded: bytes.length,
            total: -1,
            responseText: kind === "ScriptCat" ? "" : undefined,
          });
        },
        end() {
          if (kind !== "ScriptCat") state.controller.close();
          details.onload?.({ ...state.head, readyState: 4, response: stream });
        },
      };
    },
    // Violentmonkey's text grows; asked for a stream it warns, and tells what is new only. The others tell it at the end.
    text(details, state) {
      const decoder = new TextDecoder();
      let text = "";
      const grows = kind === "Violentmonkey";
      const isStrange = details.responseType === "stream";
      if (isStrange)
        console.warn('[Violentmonkey] Unknown responseType "stream", see https://violentmonkey.github.io/api/gm/');
      return {
        head: () => details.onreadystatechange?.({ ...state.head, readyState: 2 }),
        chunk(bytes) {
          const piece = decoder.decode(bytes, { stream: true });
          text += piece;
          const responseText = grows ? (isStrange ? piece : text) : kind === "ScriptCat" ? "" : undefined;
          details.onprogress?.({ ...state.head, readyState: 3, responseText, response: responseText });
        },
        end: () => details.onload?.({ ...state.head, readyState: 4, responseText: text, response: text }),
      };
    },
    whole(details, state) {
      const pieces = [];
      return {
        head: () => details.onreadystatechange?.({ ...state.head, readyState: 2 }),
        chunk: (bytes) => pieces.push(bytes),
        async end() {
          const blob = new Blob(pieces);
          const response = details.responseType === "blob" ? blob : await blob.arrayBuffer();
          details.onload?.({ ...state.head, readyState: 4, response });
        },
      };
    },
  };

  const tellerFor = (details, state) => {
    const { responseType = "" } = details;
    if (responseType === "stream" && kind !== "Violentmonkey") return TELLERS.stream(details, state);
    if (["arraybuffer", "blob"].includes(responseType)) return TELLERS.whole(details, state);
    return TELLERS.text(details, state);
  };

  function GM_xmlhttpRequest(details) {
    const state = { id: (count += 1), details, head: {}, isOver: false };
    state.teller = tellerFor(details, state);
    requests.set(state.id, state);
    const { method = "GET", url, headers = {}, data, anonymous = false } = details;
    const ask = (body, type) =>
      tell({ type: "request", id: state.id, method, url, headers, body, contentType: type, anonymous });
    if (data === undefined || data === null) ask(null, "");
    else {
      // A browser writes a form as multipart, and says so; a text's type is the script's business.
      const written = new Response(data);
      const type = typeof data === "string" ? "" : (written.headers.get("content-type") ?? "");
      written.arrayBuffer().then((buffer) => {
        details.upload?.onprogress?.({ loaded: buffer.byteLength, total: buffer.byteLength });
        ask(base64Of(new Uint8Array(buffer)), type);
      });
    }
    return {
      abort() {
        if (state.isOver) return;
        state.isOver = true;
        tell({ type: "abort", id: state.id });
        details.onabort?.({ readyState: 4, status: 0 });
      },
    };
  }
  if (kind === "ScriptCat") GM_xmlhttpRequest.RESPONSE_TYPE_STREAM = "stream";

  const api = {
    GM_xmlhttpRequest,
    GM_getValue: (name, fallback) => (name in values ? JSON.parse(values[name]) : fallback),
    GM_setValue(name, value) {
      values[name] = JSON.stringify(value);
      tell({ type: "value", name, json: values[name] });
    },
    GM_deleteValue(name) {
      delete values[name];
      tell({ type: "value", name, json: null });
    },
    GM_registerMenuCommand(label, act) {
      const id = (count += 1);
      commands.set(id, act);
      tell({ type: "menu", id, label });
      return id;
    },
    GM_unregisterMenuCommand(id) {
      commands.delete(id);
      tell({ type: "menu", id, label: null });
    },
    GM_notification: (details) => tell({ type: "notification", text: details.text }),
    GM_setClipboard: (text) => tell({ type: "clipboard", text }),
    GM_addElement(parent, tag, { textContent: code, src }) {
      tell({ type: "element", code, src });
      return parent.ownerDocument.createElement(tag);
    },
    unsafeWindow: realWindow,
  };
  for (const name of Object.keys(api)) if (!grants.includes(name)) delete api[name];
  api.GM_info = info;

  // A window of the script's own: what it sets stays there, functions of the real one keep their window.
  const own = Object.create(null);
  const bound = new Map();
  const scriptWindow = new Proxy(own, {
    has: (target, name) => name in target || name in realWindow,
    get(target, name) {
      if (name in target) return target[name];
      const value = realWindow[name];
      if (value === realWindow) return scriptWindow;
      if (typeof value !== "function" || Object.hasOwn(value, "prototype")) return value;
      if (!bound.has(value)) bound.set(value, value.bind(realWindow));
      return bound.get(value);
    },
    set(target, name, value) {
      target[name] = value;
      return true;
    },
  });
  const window = isIsolated ? realWindow : scriptWindow;

  const from = (id) => {
    const state = requests.get(id);
    return state && !state.isOver ? state : null;
  };
  const fromManager = {
    head(id, head) {
      const state = from(id);
      if (!state) return;
      state.head = head;
      state.teller.head();
    },
    chunk: (id, base64) => from(id)?.teller.chunk(bytesOf(base64)),
    end(id) {
      from(id)?.teller.end();
      requests.delete(id);
    },
    failed(id, { error }) {
      const state = from(id);
      if (!state) return;
      state.isOver = true;
      state.controller?.error(new Error(error));
      state.details.onerror?.({ ...state.head, readyState: 4, status: 0, error });
    },
    choose(id) {
      commands.get(id)?.();
    },
  };
  Object.defineProperty(realWindow, "gmFromManager", { value: fromManager, configurable: true });

  // Free names: the GM functions, then the script's window. Everything is "there", as in managers that use `with`.
  const scope = new Proxy(Object.assign(Object.create(null), api, { window }), {
    has: (target, name) => typeof name === "string" && (name in target || !isIsolated),
    get: (target, name) => (name in target ? target[name] : name === Symbol.unscopables ? undefined : window[name]),
  });
  return { scope };
}
