// What a site's bundler makes into one script: the platform's clients from npm, as their documentation uses them.

import { CozeAPI } from "@coze/api";
import ChatSdk from "@coze/chat-sdk/webJs";
import React from "react";
import { createRoot } from "react-dom/client";

// Bundlers do not agree on what the default of a CommonJS module is.
const { ChatFramework, ChatSlot, ChatType, Language } = ChatSdk.default ?? ChatSdk;

globalThis.CozeAPI = CozeAPI;

/** Puts the Chat SDK of npm onto the page. */
globalThis.openChat = ({ botId, apiBase, images, token }) => {
  globalThis.refreshes = 0;
  const refresh = () => {
    globalThis.refreshes += 1;
    return token;
  };
  createRoot(document.getElementById("root")).render(
    <div style={{ height: 600 }}>
      <ChatFramework
        chat={{ appId: botId, type: ChatType.Bot }}
        setting={{ apiBaseUrl: apiBase, language: Language.EN, cdnBaseUrlPath: images }}
        auth={{ type: "external", token, refreshToken: refresh, onRefreshToken: refresh }}
        user={{ id: "visitor", name: "Visitor", avatar: `${images}me.png` }}
      >
        <ChatSlot className="chat-slot" />
      </ChatFramework>
    </div>,
  );
};
