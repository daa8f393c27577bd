-- +goose Up

-- A key with which a program calls the API in a person's name. Written by package apikey.
CREATE TABLE api_keys (
    account_id   text   NOT NULL,
    user_id      text   NOT NULL,
    key_id       text   NOT NULL,                   -- hash of the key's secret
    name         text   NOT NULL,
    scopes       text   NOT NULL,                   -- of read, factors, admin and operator, separated by blanks
    networks     text   NOT NULL,                   -- from where it may be used: CIDR prefixes separated by blanks; '' for anywhere
    public_key   text   NOT NULL,                   -- that its calls are signed with: PKIX in base64; '' for none
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,                   -- 0 for never
    last_used_at bigint NOT NULL,                   -- 0 for never; to within a minute
    last_address text   NOT NULL,
    PRIMARY KEY (account_id, user_id, key_id)
);

-- What a key and a code were exchanged for (RFC 6749). Written by package apikey.
CREATE TABLE access_tokens (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    token_id   text   NOT NULL,                     -- hash of the token's secret
    key_id     text   NOT NULL,
    scopes     text   NOT NULL,                     -- of the key's, as they stand there
    epoch      bigint NOT NULL,                     -- of the user; in another one it is worth nothing
    issued_at  bigint NOT NULL,                     -- when the second factor was proved
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, token_id)
);
CREATE INDEX access_tokens_ending ON access_tokens (expires_at);

-- The nonces of signed calls: none counts twice (RFC 9421 §7.2.2). Written by package apikey.
CREATE TABLE spent_nonces (
    account_id text   NOT NULL,
    key_id     text   NOT NULL,
    nonce      text   NOT NULL,                     -- its hash
    expires_at bigint NOT NULL,                     -- when a signature with it is too old by itself
    PRIMARY KEY (account_id, key_id, nonce)
);
CREATE INDEX spent_nonces_ending ON spent_nonces (expires_at);

-- Calls that must not be done twice, with their answers. Written by package idempotency.
CREATE TABLE idempotent_calls (
    account_id text   NOT NULL,
    caller     text   NOT NULL,                     -- user id
    call_id    text   NOT NULL,                     -- hash of the Idempotency-Key
    request    text   NOT NULL,                     -- hash of method, path and body
    status     bigint NOT NULL,                     -- of the answer; 0 while there is none
    answer     bytea  NOT NULL,                     -- sealed: it may hold a secret that is shown once
    begun_at   bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, caller, call_id)
);
CREATE INDEX idempotent_calls_ending ON idempotent_calls (expires_at);
