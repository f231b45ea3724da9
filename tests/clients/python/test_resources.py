"""The other calls of the official Python SDK, through the proxy: each answer is complete enough for its models."""

from cozepy import Message


def test_a_conversation_is_created_listed_and_read(coze, product):
    bot_id = product.bot("Echo")
    question = Message.build_user_question_text("kept")

    created = coze.conversations.create(bot_id=bot_id, messages=[question], meta_data={"page": "pricing"})
    listed = coze.conversations.list(bot_id=bot_id)
    retrieved = coze.conversations.retrieve(conversation_id=created.id)
    messages = coze.conversations.messages.list(conversation_id=created.id)

    assert [conversation.id for conversation in listed.items] == [created.id]
    assert retrieved.meta_data == {"page": "pricing"}
    assert [message.content for message in messages.items] == ["kept"]


def test_a_file_is_uploaded_whole(coze, tmp_path):
    # Larger than any buffer on the way, and no text.
    content = bytes(range(256)) * 4096
    path = tmp_path / "数据.bin"
    path.write_bytes(content)

    uploaded = coze.files.upload(file=path)

    assert uploaded.id
    assert uploaded.bytes == len(content)


def test_a_published_bot_is_described(coze, product):
    bot = coze.bots.retrieve(bot_id=product.bot("Echo"))

    assert bot.bot_id == product.bot("Echo")
    assert "Echo" in bot.name


def test_the_account_is_that_of_the_app(coze, product):
    assert coze.users.me().user_id == product.emulator["user_id"]


def test_the_workspace_is_listed(coze, product):
    workspaces = coze.workspaces.list()

    assert product.emulator["workspace_id"] in [workspace.id for workspace in workspaces.items]
