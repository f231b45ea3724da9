"""Two visitors of one site: neither sees anything of the other."""

import pytest
from cozepy import CozeAPIError, Message


def say(coze, product, text):
    messages = [Message.build_user_question_text(text)]
    return list(coze.chat.stream(bot_id=product.bot("Echo"), user_id="same", additional_messages=messages))


def conversations(coze, product):
    return [conversation.id for conversation in coze.conversations.list(bot_id=product.bot("Echo")).items]


def test_two_visitors_have_two_separate_lists_of_conversations(coze, another_coze, product):
    say(coze, product, "mine")
    say(another_coze, product, "yours")

    mine, yours = conversations(coze, product), conversations(another_coze, product)

    assert len(mine) == len(yours) == 1
    assert set(mine).isdisjoint(yours)


def test_knowing_the_id_of_a_foreign_conversation_does_not_open_it(coze, another_coze, product):
    foreign = say(another_coze, product, "private")[0].chat.conversation_id

    with pytest.raises(CozeAPIError):
        coze.conversations.retrieve(conversation_id=foreign)
    with pytest.raises(CozeAPIError):
        coze.conversations.messages.list(conversation_id=foreign)


def test_the_platform_sees_one_session_name_per_visitor(coze, another_coze, product):
    before = product.journal.mark()

    say(coze, product, "mine")
    say(another_coze, product, "yours")

    names = [entry["session_name"] for entry in product.journal.entries(before) if entry["path"] == "/v3/chat"]
    assert all(names)
    assert len(set(names)) == 2


def test_one_visitor_keeps_one_history(coze, product):
    first = say(coze, product, "first")[0].chat.conversation_id
    second = say(coze, product, "second")[0].chat.conversation_id

    assert sorted(conversations(coze, product)) == sorted([first, second])
