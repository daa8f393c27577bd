-- +goose Up

-- One organisation. Written by package account.
CREATE TABLE accounts (
    account_id   text    NOT NULL PRIMARY KEY,
    slug         text    NOT NULL UNIQUE,           -- names it in /sign-in?account=
    name         text    NOT NULL,
    policy       text    NOT NULL,                  -- JSON, account.Policy
    suspended_at bigint  NOT NULL DEFAULT 0,
    created_at   bigint  NOT NULL
);

-- One person. Written by package user.
CREATE TABLE users (
    account_id      text    NOT NULL,
    user_id         text    NOT NULL,
    email           text    NOT NULL,               -- canonical
    name            text    NOT NULL,
    role            text    NOT NULL,               -- owner, admin, member
    password_hash   text    NOT NULL,               -- PHC string
    epoch           bigint  NOT NULL DEFAULT 1,     -- sessions and pending sign-ins of another epoch are dead
    set_up_required boolean NOT NULL DEFAULT FALSE, -- after a reset: no session without a second factor
    welcomed_at     bigint  NOT NULL DEFAULT 0,     -- two-factor sign-in was recommended
    locked_at       bigint  NOT NULL DEFAULT 0,
    created_at      bigint  NOT NULL,
    PRIMARY KEY (account_id, user_id),
    UNIQUE (account_id, email)
);
CREATE INDEX users_by_email ON users (email);

-- One enrolled second factor, or a user's set of backup codes. Written by package factor.
CREATE TABLE factors (
    account_id    text    NOT NULL,
    user_id       text    NOT NULL,
    factor_id     text    NOT NULL,
    kind          text    NOT NULL,                 -- totp, backup_code
    name          text    NOT NULL,
    state         text    NOT NULL,                 -- pending, confirmed
    secret        bytea   NOT NULL,                 -- sealed; bound to account, user and factor
    last_step     bigint  NOT NULL DEFAULT 0,       -- the newest time step that was accepted (RFC 6238, 5.2)
    drift         bigint  NOT NULL DEFAULT 0,       -- learned clock difference in time steps
    resync_step   bigint  NOT NULL DEFAULT 0,       -- a right code outside the tolerance: its successor teaches the drift
    failures      bigint  NOT NULL DEFAULT 0,       -- wrong codes in a row
    blocked_until bigint  NOT NULL DEFAULT 0,
    created_at    bigint  NOT NULL,
    expires_at    bigint  NOT NULL DEFAULT 0,       -- of a pending one
    confirmed_at  bigint  NOT NULL DEFAULT 0,
    last_used_at  bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id, factor_id)
);
CREATE UNIQUE INDEX factors_one_pending ON factors (account_id, user_id, kind) WHERE state = 'pending';

-- The single-use codes of a factor. Written by package factor.
CREATE TABLE factor_codes (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    factor_id  text   NOT NULL,
    selector   text   NOT NULL,                     -- finds the one row to compare with; no secret
    hash       text   NOT NULL,                     -- PHC string
    used_at    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id, factor_id, selector)
);

-- The password was right, the second factor is still owed. Not a session. Written by package signin.
CREATE TABLE pending_sign_ins (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    pending_id text   NOT NULL,                     -- hash of the cookie's secret
    epoch      bigint NOT NULL,
    return_to  text   NOT NULL,
    forgives   boolean NOT NULL,                    -- there are failed passwords to forgive when it is completed
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, pending_id)
);

-- A completed sign-in. Written by package session.
CREATE TABLE sessions (
    account_id   text   NOT NULL,
    user_id      text   NOT NULL,
    session_id   text   NOT NULL,                   -- hash of the cookie's secret
    epoch        bigint NOT NULL,
    level        text   NOT NULL,                   -- aal1, aal2
    amr          text   NOT NULL,                   -- RFC 8176 values, separated by blanks
    address      text   NOT NULL,
    user_agent   text   NOT NULL,
    signed_in_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (account_id, user_id, session_id)
);

-- Failed attempts by subject. Written by package throttle.
CREATE TABLE throttles (
    account_id    text   NOT NULL,                  -- '' while no account is known
    subject       text   NOT NULL,
    failures      bigint NOT NULL,
    blocked_until bigint NOT NULL,
    touched_at    bigint NOT NULL,
    PRIMARY KEY (account_id, subject)
);

-- What happened. Append only. Written by package audit.
CREATE TABLE audit_events (
    account_id text   NOT NULL,                     -- '' while no account is known
    event_id   text   NOT NULL,                     -- sorts by time
    at         bigint NOT NULL,
    action     text   NOT NULL,
    actor_kind text   NOT NULL,                     -- user, operator, nobody, system
    actor_id   text   NOT NULL,
    target_id  text   NOT NULL,
    address    text   NOT NULL,
    user_agent text   NOT NULL,
    detail     text   NOT NULL,                     -- JSON object of strings
    PRIMARY KEY (account_id, event_id)
);

-- Facts of the whole deployment: the key check, the first-run link. Written by package admin.
CREATE TABLE deployment (
    name       text   NOT NULL PRIMARY KEY,
    value      bytea  NOT NULL,
    expires_at bigint NOT NULL DEFAULT 0
);
