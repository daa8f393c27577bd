-- +goose Up

ALTER TABLE users ADD COLUMN language text NOT NULL DEFAULT '';              -- of pages and messages; '' follows the browser
ALTER TABLE users ADD COLUMN preferred_factor text NOT NULL DEFAULT '';      -- asked for first at sign-in (K9); '' for the policy's order
ALTER TABLE users ADD COLUMN password_mailed_at bigint NOT NULL DEFAULT 0;   -- last password reset by mail (K3)
ALTER TABLE users ADD COLUMN two_factor_ends_at bigint NOT NULL DEFAULT 0;   -- when the mailed token takes effect (K2); 0 for never
CREATE INDEX users_two_factor_ends ON users (two_factor_ends_at) WHERE two_factor_ends_at > 0;

ALTER TABLE factors ADD COLUMN hint text NOT NULL DEFAULT '';                -- masked address of a phone number or mailbox
ALTER TABLE factors ADD COLUMN address_hash text NOT NULL DEFAULT '';        -- of the address, which itself is sealed
CREATE UNIQUE INDEX factors_one_owner ON factors (account_id, address_hash) WHERE state = 'confirmed' AND address_hash <> '';

-- The newest code that was sent for one request: a sign-in, an enrolment, a proof that is asked for again.
-- Its key is what makes a second live code impossible. Written by package factor.
CREATE TABLE sent_codes (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    request    text   NOT NULL,                     -- id of the pending sign-in, the new factor or the session
    factor_id  text   NOT NULL,
    message_id text   NOT NULL,                     -- names this code; a newer one has another
    code       bytea  NOT NULL,                     -- sealed; bound to account, user and message
    tries      bigint NOT NULL DEFAULT 0,           -- wrong ones
    used_at    bigint NOT NULL DEFAULT 0,
    sent_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, request)
);

-- A message on its way: the row is the queue. Written by package outbox.
CREATE TABLE outbox (
    account_id   text   NOT NULL,
    message_id   text   NOT NULL,
    user_id      text   NOT NULL,
    channel      text   NOT NULL,                   -- mail, sms
    kind         text   NOT NULL,                   -- what it says: code, factor_added, …
    recipient    text   NOT NULL DEFAULT '',        -- '' for the person's address at the time of sending
    language     text   NOT NULL DEFAULT '',        -- of the browser that caused it
    facts        text   NOT NULL DEFAULT '{}',      -- JSON object of strings, no secrets
    secret       bytea,                             -- sealed token, until it is sent
    once         text   NOT NULL DEFAULT '',        -- of all messages to a person with the same one, only the first is kept
    state        text   NOT NULL,                   -- queued, sent, delivered, failed, dropped
    detail       text   NOT NULL DEFAULT '',        -- stable code of why it failed
    reference    text   NOT NULL DEFAULT '',        -- the gateway's id
    attempts     bigint NOT NULL DEFAULT 0,
    due_at       bigint NOT NULL,
    leased_until bigint NOT NULL DEFAULT 0,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,                   -- not sent any more after this
    settled_at   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, message_id)
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'queued';
CREATE INDEX outbox_created ON outbox (created_at);
CREATE INDEX outbox_reference ON outbox (reference) WHERE reference <> '';
CREATE UNIQUE INDEX outbox_once ON outbox (account_id, user_id, once) WHERE once <> '';

-- The last sends to one address or by one person, as many as the limit allows. Written by package brake.
CREATE TABLE send_slots (
    account_id text   NOT NULL,                     -- '' where the limit spans accounts
    subject    text   NOT NULL,
    slot       bigint NOT NULL,
    used_at    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, subject, slot)
);

-- How much was sent on a day. Written by package brake.
CREATE TABLE send_days (
    account_id text   NOT NULL,                     -- '' where the limit spans accounts
    subject    text   NOT NULL,
    day        bigint NOT NULL,                     -- days since 1970, UTC
    sends      bigint NOT NULL,
    PRIMARY KEY (account_id, subject, day)
);

-- What was mailed to be pasted back or followed. Written by package mailtoken.
CREATE TABLE mail_tokens (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    purpose    text   NOT NULL,                     -- disable, reset, email, …: a newer one of the same purpose ends the older
    token_id   text   NOT NULL,                     -- hash of the secret
    epoch      bigint NOT NULL,                     -- the user's security epoch, which must still stand
    request    text   NOT NULL DEFAULT '',          -- what it is good for only: the pending sign-in
    detail     text   NOT NULL DEFAULT '',          -- the new address
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, purpose)
);
CREATE INDEX mail_tokens_by_id ON mail_tokens (token_id);

-- The mail server of an account of its own. Written by package channel.
CREATE TABLE mail_servers (
    account_id text   NOT NULL PRIMARY KEY,
    host       text   NOT NULL,
    port       bigint NOT NULL,
    security   text   NOT NULL,
    username   text   NOT NULL,
    password   bytea  NOT NULL,                     -- sealed; bound to the account
    sender     text   NOT NULL,
    result     text   NOT NULL DEFAULT '',          -- stable code of the last send, '' before the first
    detail     text   NOT NULL DEFAULT '',          -- what went wrong, in English
    result_at  bigint NOT NULL DEFAULT 0,
    changed_at bigint NOT NULL
);
