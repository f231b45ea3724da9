-- Who a handle belongs to, who owns an id of the platform, and what was revoked.

-- The site of a handle, in clear so that all handles of a site can be found. The sealed content repeats it.
ALTER TABLE handles ADD COLUMN site TEXT NOT NULL DEFAULT 'main';

-- The owner of a conversation, chat or file: digests of the platform's id and of the subject. Days since 1970-01-01.
CREATE TABLE owned (
    kind TEXT NOT NULL,
    id_digest BLOB NOT NULL,
    owner_digest BLOB NOT NULL,
    seen_day BIGINT NOT NULL,
    PRIMARY KEY (kind, id_digest)
) WITHOUT ROWID;

CREATE INDEX owned_seen ON owned (seen_day);

-- Passes and cookies of a lower generation are refused. No row means generation 0.
CREATE TABLE generations (
    subject_digest BLOB PRIMARY KEY NOT NULL,
    generation BIGINT NOT NULL,
    raised_day BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX generations_raised ON generations (raised_day);

-- Single numbers: how many revocations there were, since when passes carry a date.
CREATE TABLE numbers (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
) WITHOUT ROWID;
