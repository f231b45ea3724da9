-- One sealed word, so that a process with another key is told so at its start and does not seal beside the others.
CREATE TABLE seal_mark (
    id BIGINT PRIMARY KEY NOT NULL,
    sealed_mark BLOB NOT NULL
) WITHOUT ROWID;
