-- +goose Up

-- What lets a browser in at the address of a program behind the door, as long as a session lasts. Written by package session.
CREATE TABLE door_passes (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    pass_id    text   NOT NULL,                     -- hash of the pass's secret; before it is one, of the ticket's
    session_id text   NOT NULL,                     -- without this session it is worth nothing
    origin     text   NOT NULL,                     -- the only one where it counts
    challenge  text   NOT NULL,                     -- of a ticket: which browser asked for it; '' for a pass
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, pass_id)
);
CREATE INDEX door_passes_ending ON door_passes (expires_at);

-- The keys that assertions are signed with, one after another. Written by package assertion.
CREATE TABLE signing_keys (
    account_id text   NOT NULL,                     -- '': they are the server's
    number     bigint NOT NULL,                     -- 1, 2, 3 …; the key says which of two servers made the next one
    sealed     bytea  NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account_id, number)
);
