//! The demo bots: their ids, names and talents.

/// What a bot does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talent {
    /// Says the question again.
    Echo,
    /// Tells what this identity said before, which makes isolation visible.
    Memory,
    /// Says the time at which each delta leaves, which makes delay measurable.
    Clock,
}

/// One bot of the workspace.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) prologue: &'static str,
    pub(crate) suggested_questions: &'static [&'static str],
    /// Published to the API and the Chat SDK channels.
    pub(crate) published: bool,
    pub(crate) talent: Talent,
}

/// All bots. Their ids are the same in every run, so that a written example works.
pub(crate) static BOTS: [Bot; 4] = [
    Bot {
        id: "7500000000000000001",
        name: "回声 Echo",
        description: "把你的话原样说一遍。Says your words again.",
        prologue: "你好，我是回声。你说什么，我就说什么。",
        suggested_questions: &["你好", "Hello"],
        published: true,
        talent: Talent::Echo,
    },
    Bot {
        id: "7500000000000000002",
        name: "记忆 Memory",
        description: "记得你说过的每一句话，别人说的一句也不知道。Remembers your words, and nobody else's.",
        prologue: "你好，我只记得你说过的话。",
        suggested_questions: &["我说过什么？", "What did I say?"],
        published: true,
        talent: Talent::Memory,
    },
    Bot {
        id: "7500000000000000003",
        name: "节拍 Clock",
        description: "每个增量都是它自己的发送时间（微秒）。Every delta is its own send time in microseconds.",
        prologue: "我按节拍报时，用来测量转发的延迟。",
        suggested_questions: &["开始"],
        published: true,
        talent: Talent::Clock,
    },
    Bot {
        id: "7500000000000000004",
        name: "草稿 Draft",
        description: "还没有发布的智能体。A bot that is not published.",
        prologue: "",
        suggested_questions: &[],
        published: false,
        talent: Talent::Echo,
    },
];

/// Returns the bot `id`.
pub(crate) fn find(id: &str) -> Option<&'static Bot> {
    BOTS.iter().find(|bot| bot.id == id)
}
