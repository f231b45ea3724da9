"""The official Python SDK chats through the proxy with nothing but a handle."""

from cozepy import ChatEventType, ChatStatus, Message, MessageType

TEXT = "你好，cozegate! One line,\nand another one."


def stream(coze, product, text, bot="Echo", **options):
    messages = [Message.build_user_question_text(text)]
    return list(coze.chat.stream(bot_id=product.bot(bot), user_id="visitor", additional_messages=messages, **options))


def test_a_streamed_chat_brings_its_events_in_the_documented_order(coze, product):
    events = [event.event for event in stream(coze, product, TEXT)]

    # cozepy keeps `done` to itself and ends at the end of the body (protocol 6.3).
    assert events[:2] == [ChatEventType.CONVERSATION_CHAT_CREATED, ChatEventType.CONVERSATION_CHAT_IN_PROGRESS]
    assert events[-1] == ChatEventType.CONVERSATION_CHAT_COMPLETED
    deltas = [index for index, event in enumerate(events) if event == ChatEventType.CONVERSATION_MESSAGE_DELTA]
    completed = events.index(ChatEventType.CONVERSATION_MESSAGE_COMPLETED)
    assert len(deltas) > 1
    assert deltas == list(range(2, completed)), "deltas stand together, before any completed message"


def test_the_deltas_make_up_the_completed_answer(coze, product):
    events = stream(coze, product, TEXT)

    deltas = "".join(e.message.content for e in events if e.event == ChatEventType.CONVERSATION_MESSAGE_DELTA)
    completed = [e.message for e in events if e.event == ChatEventType.CONVERSATION_MESSAGE_COMPLETED]
    [answer] = [message for message in completed if message.type == MessageType.ANSWER]
    assert deltas == answer.content
    assert TEXT in answer.content


def test_a_streamed_chat_ends_with_its_usage(coze, product):
    completed = stream(coze, product, TEXT)[-1].chat

    assert completed.status == ChatStatus.COMPLETED
    assert completed.usage.token_count == completed.usage.input_count + completed.usage.output_count
    assert completed.usage.output_count > 0


def test_create_and_poll_brings_the_answer(coze, product):
    poll = coze.chat.create_and_poll(
        bot_id=product.bot("Echo"),
        user_id="visitor",
        additional_messages=[Message.build_user_question_text(TEXT)],
    )

    assert poll.chat.status == ChatStatus.COMPLETED
    assert any(message.type == MessageType.ANSWER and TEXT in message.content for message in poll.messages)


def test_the_platform_sees_a_token_of_ours_and_never_the_handle(coze, product, session):
    before = product.journal.mark()

    stream(coze, product, TEXT)

    [chat] = [entry for entry in product.journal.entries(before) if entry["path"] == "/v3/chat"]
    assert chat["authorization_kind"] == "czs"
    assert chat["token_prefix"].startswith("czs_")
    assert session["handle"] not in repr(product.journal.entries())
