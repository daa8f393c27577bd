-- +goose Up

-- What a program calls the person by, that keeps their password itself; '' for none. Written by package user.
ALTER TABLE users ADD COLUMN external_id text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_external ON users (account_id, external_id) WHERE external_id <> '';

-- What a pending sign-in ends in: '' for a session, or 'check' for the check of the same id.
ALTER TABLE pending_sign_ins ADD COLUMN purpose text NOT NULL DEFAULT '';

-- A second factor that a program asks for which has looked at the password itself. Written by package check.
CREATE TABLE checks (
    account_id   text   NOT NULL,
    check_id     text   NOT NULL,
    user_id      text   NOT NULL,
    owner        text   NOT NULL,                   -- whose it is: an API key's id, or 'operator'
    epoch        bigint NOT NULL,                   -- of the user; in another one it is worth nothing
    reference    text   NOT NULL,                   -- what the program gave to know the result by
    return_to    text   NOT NULL,                   -- where the hosted page leads afterwards; '' for nowhere
    link         text   NOT NULL,                   -- hash of the secret in the one-time link
    browser      text   NOT NULL,                   -- hash of the cookie's secret of the browser that opened it; '' while none has
    amr          text   NOT NULL,                   -- by which methods it was passed, separated by blanks
    method       text   NOT NULL,                   -- kind of the second factor; '' until it was passed
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    passed_at    bigint NOT NULL,                   -- 0 until then, as the next two
    taken_at     bigint NOT NULL,                   -- when the result was given: once
    cancelled_at bigint NOT NULL,
    PRIMARY KEY (account_id, check_id)
);
CREATE INDEX checks_of_user ON checks (account_id, user_id);
CREATE INDEX checks_of_owner ON checks (owner, check_id);
CREATE INDEX checks_ending ON checks (expires_at);
