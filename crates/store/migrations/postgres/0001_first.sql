-- What the first version of cozegate keeps. Instants are whole Unix seconds, except those of leases: milliseconds.

-- Coze tokens, sealed. The key is a SHA-256 of platform, app and subject: no user's name stands here in clear.
CREATE TABLE tokens (
    key_digest BYTEA PRIMARY KEY NOT NULL,
    app_digest BYTEA NOT NULL,
    version BIGINT NOT NULL,
    sealed_key BYTEA NOT NULL,
    sealed_token BYTEA NOT NULL,
    renew_at BIGINT,
    ends_at BIGINT
);

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
);

CREATE INDEX leases_end ON leases (ends_at_millis);

-- Handles, hashed, and what they stand for, sealed.
CREATE TABLE handles (
    handle_hash BYTEA PRIMARY KEY NOT NULL,
    subject_digest BYTEA NOT NULL,
    sealed_subject BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX handles_subject ON handles (subject_digest);
CREATE INDEX handles_end ON handles (expires_at);

-- What may be used once: pending logins by their `state`, tickets. Hashed, with a sealed content.
CREATE TABLE one_time (
    kind TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    sealed_content BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, secret_hash)
);

CREATE INDEX one_time_end ON one_time (expires_at);

-- SQLite has this function. With it here, one SQL text reads the database's own clock in both.
CREATE FUNCTION unixepoch(unit TEXT) RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE
AS $$ SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION) $$;
