-- +goose Up

-- SQLite keeps a table with a text key as two trees: the rows in the order in which they were added, and an index
-- from the key to them. WITHOUT ROWID makes it one, the rows in the order of their keys, and each read and write of
-- a row found by its key touches half the pages (https://www.sqlite.org/withoutrowid.html). Columns stay as they are.

ALTER TABLE accounts RENAME TO old_accounts;
-- Written by package account.
CREATE TABLE accounts (
    account_id   text    NOT NULL PRIMARY KEY,
    slug         text    NOT NULL UNIQUE,
    name         text    NOT NULL,
    policy       text    NOT NULL,
    suspended_at bigint  NOT NULL DEFAULT 0,
    created_at   bigint  NOT NULL
) WITHOUT ROWID;
INSERT INTO accounts SELECT * FROM old_accounts;
DROP TABLE old_accounts;

ALTER TABLE users RENAME TO old_users;
-- Written by package user.
CREATE TABLE users (
    account_id      text    NOT NULL,
    user_id         text    NOT NULL,
    email           text    NOT NULL,
    name            text    NOT NULL,
    role            text    NOT NULL,
    password_hash   text    NOT NULL,
    epoch           bigint  NOT NULL DEFAULT 1,
    set_up_required boolean NOT NULL DEFAULT FALSE,
    welcomed_at     bigint  NOT NULL DEFAULT 0,
    locked_at       bigint  NOT NULL DEFAULT 0,
    created_at      bigint  NOT NULL,
    PRIMARY KEY (account_id, user_id),
    UNIQUE (account_id, email)
) WITHOUT ROWID;
INSERT INTO users SELECT * FROM old_users;
DROP TABLE old_users;
CREATE INDEX users_by_email ON users (email);

ALTER TABLE factors RENAME TO old_factors;
-- Written by package factor.
CREATE TABLE factors (
    account_id    text    NOT NULL,
    user_id       text    NOT NULL,
    factor_id     text    NOT NULL,
    kind          text    NOT NULL,
    name          text    NOT NULL,
    state         text    NOT NULL,
    secret        bytea   NOT NULL,
    last_step     bigint  NOT NULL DEFAULT 0,
    drift         bigint  NOT NULL DEFAULT 0,
    resync_step   bigint  NOT NULL DEFAULT 0,
    failures      bigint  NOT NULL DEFAULT 0,
    blocked_until bigint  NOT NULL DEFAULT 0,
    created_at    bigint  NOT NULL,
    expires_at    bigint  NOT NULL DEFAULT 0,
    confirmed_at  bigint  NOT NULL DEFAULT 0,
    last_used_at  bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id, factor_id)
) WITHOUT ROWID;
INSERT INTO factors SELECT * FROM old_factors;
DROP TABLE old_factors;
CREATE UNIQUE INDEX factors_one_pending ON factors (account_id, user_id, kind) WHERE state = 'pending';

ALTER TABLE factor_codes RENAME TO old_factor_codes;
-- Written by package factor.
CREATE TABLE factor_codes (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    factor_id  text   NOT NULL,
    selector   text   NOT NULL,
    hash       text   NOT NULL,
    used_at    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id, factor_id, selector)
) WITHOUT ROWID;
INSERT INTO factor_codes SELECT * FROM old_factor_codes;
DROP TABLE old_factor_codes;

ALTER TABLE pending_sign_ins RENAME TO old_pending_sign_ins;
-- Written by package signin.
CREATE TABLE pending_sign_ins (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    pending_id text   NOT NULL,
    epoch      bigint NOT NULL,
    return_to  text   NOT NULL,
    forgives   boolean NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, pending_id)
) WITHOUT ROWID;
INSERT INTO pending_sign_ins SELECT * FROM old_pending_sign_ins;
DROP TABLE old_pending_sign_ins;

ALTER TABLE sessions RENAME TO old_sessions;
-- Written by package session.
CREATE TABLE sessions (
    account_id   text   NOT NULL,
    user_id      text   NOT NULL,
    session_id   text   NOT NULL,
    epoch        bigint NOT NULL,
    level        text   NOT NULL,
    amr          text   NOT NULL,
    address      text   NOT NULL,
    user_agent   text   NOT NULL,
    signed_in_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, session_id)
) WITHOUT ROWID;
INSERT INTO sessions SELECT * FROM old_sessions;
DROP TABLE old_sessions;

ALTER TABLE throttles RENAME TO old_throttles;
-- Written by package throttle.
CREATE TABLE throttles (
    account_id    text   NOT NULL,
    subject       text   NOT NULL,
    failures      bigint NOT NULL,
    blocked_until bigint NOT NULL,
    touched_at    bigint NOT NULL,
    PRIMARY KEY (account_id, subject)
) WITHOUT ROWID;
INSERT INTO throttles SELECT * FROM old_throttles;
DROP TABLE old_throttles;

ALTER TABLE audit_events RENAME TO old_audit_events;
-- Written by package audit.
CREATE TABLE audit_events (
    account_id text   NOT NULL,
    event_id   text   NOT NULL,
    at         bigint NOT NULL,
    action     text   NOT NULL,
    actor_kind text   NOT NULL,
    actor_id   text   NOT NULL,
    target_id  text   NOT NULL,
    address    text   NOT NULL,
    user_agent text   NOT NULL,
    detail     text   NOT NULL,
    PRIMARY KEY (account_id, event_id)
) WITHOUT ROWID;
INSERT INTO audit_events SELECT * FROM old_audit_events;
DROP TABLE old_audit_events;
