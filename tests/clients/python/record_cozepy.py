"""Makes the calls of cozepy that a visitor's chat needs, for the recorder (tests/clients/node/record.js).

Arguments: address, handle, user id, bot id, texts as JSON. What the answers are does not matter here.
"""

import io
import json
import sys
from contextlib import suppress

from cozepy import Coze, CozeAPIError, Message, MessageObjectString, TokenAuth

base, handle, user_id, bot_id, texts = sys.argv[1:6]
coze = Coze(auth=TokenAuth(handle), base_url=base)

conversation = coze.conversations.create(bot_id=bot_id)
conversation_id = conversation.id
file = coze.files.upload(file=("note.txt", io.BytesIO(b"a note")))

for text in json.loads(texts):
    chat = {"bot_id": bot_id, "user_id": user_id, "additional_messages": [Message.build_user_question_text(text)]}
    list(coze.chat.stream(**chat, conversation_id=conversation_id))
    coze.chat.create_and_poll(**chat)
    coze.chat.create(**chat, conversation_id=conversation_id, auto_save_history=True, meta_data={"page": "/"})
    coze.conversations.create(bot_id=bot_id, messages=chat["additional_messages"], meta_data={"from": text[:20]})

parts = [MessageObjectString.build_text("look"), MessageObjectString.build_file(file_id=file.id)]
composed = {"bot_id": bot_id, "user_id": user_id, "additional_messages": [Message.build_user_question_objects(parts)]}
done = coze.chat.create_and_poll(**composed, conversation_id=conversation_id)
message_id = done.messages[0].id
list(coze.chat.stream(**composed, parameters={"theme": "dark"}, enable_card=True))

CALLS = [
    lambda: coze.conversations.list(bot_id=bot_id),
    lambda: coze.conversations.list(bot_id=bot_id, page_num=2, page_size=50),
    lambda: coze.conversations.messages.list(conversation_id=conversation_id),
    lambda: coze.conversations.messages.list(conversation_id=conversation_id, order="asc", limit=10),
    lambda: coze.conversations.messages.list(conversation_id=conversation_id, after_id=message_id),
    lambda: coze.conversations.messages.list(conversation_id=conversation_id, before_id=message_id),
    lambda: coze.conversations.messages.list(conversation_id=conversation_id, chat_id=done.chat.id),
    lambda: coze.chat.retrieve(conversation_id=conversation_id, chat_id=done.chat.id),
    lambda: coze.chat.messages.list(conversation_id=conversation_id, chat_id=done.chat.id),
    lambda: coze.chat.cancel(conversation_id=conversation_id, chat_id=done.chat.id),
    lambda: coze.conversations.messages.feedback.create(
        conversation_id=conversation_id, message_id=message_id, feedback_type="like", comment="谢谢"
    ),
    lambda: coze.conversations.messages.feedback.delete(conversation_id=conversation_id, message_id=message_id),
    lambda: coze.conversations.update(conversation_id=conversation_id, name="renamed"),
    lambda: coze.conversations.clear(conversation_id=conversation_id),
    lambda: coze.bots.retrieve(bot_id=bot_id),
    lambda: coze.bots.retrieve(bot_id=bot_id, use_api_version=2),
    lambda: coze.audio.speech.create(input="read this", voice_id="7426725529589596187"),
    lambda: coze.audio.transcriptions.create(file=("a.wav", io.BytesIO(b"RIFF"))),
    lambda: coze.conversations.delete(conversation_id=conversation_id),
]
for call in CALLS:
    # A call that this version of the SDK does not know is left out.
    with suppress(CozeAPIError, AttributeError, TypeError):
        call()
