-- What the first version of cozegate keeps. Instants are whole Unix seconds, except those of leases: milliseconds.

-- Coze tokens, sealed. The key is a SHA-256 of platform, app and subject: no user's name stands here in clear.
CREATE TABLE tokens (
    key_digest BLOB PRIMARY KEY NOT NULL,
    app_digest BLOB NOT NULL,
    version BIGINT NOT NULL,
    sealed_key BLOB NOT NULL,
    sealed_token BLOB NOT NULL,
    renew_at BIGINT,
    ends_at BIGINT
) WITHOUT ROWID;

CREATE INDEX tokens_due ON tokens (app_digest, renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX tokens_end ON tokens (ends_at) WHERE ends_at IS NOT NULL;

-- Who may renew which token. Rows outlive their leases for a while, because they fence.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    fencing BIGINT NOT NULL,
    ends_at_millis BIGINT NOT NULL,
    is_released BIGINT NOT NULL,
    is_taken_over BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX leases_end ON leases (ends_at_millis);

-- Handles, hashed, and what they stand for, sealed.
CREATE TABLE handles (
    handle_hash BLOB PRIMARY KEY NOT NULL,
    subject_digest BLOB NOT NULL,
    sealed_subject BLOB NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX handles_subject ON handles (subject_digest);
CREATE INDEX handles_end ON handles (expires_at);

-- What may be used once: pending logins by their `state`, tickets. Hashed, with a sealed content.
CREATE TABLE one_time (
    kind TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    sealed_content BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, secret_hash)
) WITHOUT ROWID;

CREATE INDEX one_time_end ON one_time (expires_at);
