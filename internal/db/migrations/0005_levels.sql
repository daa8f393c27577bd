-- +goose Up

-- Since when everybody, and since when owners and administrators, must have a second factor: a grace counts from there. 0 while they need not.
ALTER TABLE accounts ADD COLUMN required_at        bigint NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN admins_required_at bigint NOT NULL DEFAULT 0;

-- What lists are searched and filtered by. The devices are counted anew from the table factors whenever one comes or goes.
ALTER TABLE users ADD COLUMN invited_at       bigint NOT NULL DEFAULT 0;   -- 0 once the invitation was accepted: nobody signs in before
ALTER TABLE users ADD COLUMN two_factor_since bigint NOT NULL DEFAULT 0;   -- when the oldest confirmed device was confirmed; 0 without one
ALTER TABLE users ADD COLUMN two_factor_kinds text   NOT NULL DEFAULT '';  -- of the confirmed devices: 'totp sms ', each with a blank after it
UPDATE users SET
    two_factor_since = COALESCE((SELECT min(f.confirmed_at) FROM factors f
        WHERE f.account_id = users.account_id AND f.user_id = users.user_id AND f.state = 'confirmed' AND f.kind <> 'backup_code'), 0),
    two_factor_kinds =
        CASE WHEN EXISTS (SELECT 1 FROM factors f WHERE f.account_id = users.account_id AND f.user_id = users.user_id AND f.state = 'confirmed' AND f.kind = 'totp') THEN 'totp ' ELSE '' END ||
        CASE WHEN EXISTS (SELECT 1 FROM factors f WHERE f.account_id = users.account_id AND f.user_id = users.user_id AND f.state = 'confirmed' AND f.kind = 'sms') THEN 'sms ' ELSE '' END ||
        CASE WHEN EXISTS (SELECT 1 FROM factors f WHERE f.account_id = users.account_id AND f.user_id = users.user_id AND f.state = 'confirmed' AND f.kind = 'email') THEN 'email ' ELSE '' END;

-- When the second factor was last proved in a session: administrators' work wants it fresh. 0 if never.
ALTER TABLE sessions ADD COLUMN proved_at bigint NOT NULL DEFAULT 0;
UPDATE sessions SET proved_at = signed_in_at WHERE level = 'aal2';

-- A backup code that an administrator gave out (X13) lies with the person's own ten, and ends.
ALTER TABLE factor_codes ADD COLUMN expires_at bigint NOT NULL DEFAULT 0;   -- 0 for never
ALTER TABLE factor_codes ADD COLUMN issued_by  text   NOT NULL DEFAULT '';  -- the administrator's user id; '' for the person's own

CREATE INDEX factor_codes_ending ON factor_codes (expires_at) WHERE expires_at > 0;

-- How far an account's people are, a row a day. Written by package adoption.
CREATE TABLE adoption_days (
    account_id text   NOT NULL,
    day        bigint NOT NULL,                     -- days since 1970, UTC
    counts     text   NOT NULL,                     -- JSON, adoption.Counts
    counted_at bigint NOT NULL,                     -- 0 until it was counted
    taken_at   bigint NOT NULL DEFAULT 0,           -- when a server last began to count
    PRIMARY KEY (account_id, day)
);

-- A set-up inside the sign-in can wait for a token from the registered mailbox.
ALTER TABLE pending_sign_ins ADD COLUMN mailbox_proved boolean NOT NULL DEFAULT FALSE;
-- The last time that an administrator had those reminded who have no second factor. Written by package adoption.
CREATE TABLE reminders (
    account_id text    NOT NULL PRIMARY KEY,
    asked_at   bigint  NOT NULL,
    asked_by   text    NOT NULL,                    -- the administrator's user id
    language   text    NOT NULL,                    -- of the administrator's browser, for those who have chosen none
    after_user text    NOT NULL,                    -- people up to this user id have been looked at
    told       bigint  NOT NULL,                    -- how many of them were told
    done       boolean NOT NULL                     -- everybody was looked at
);
CREATE INDEX reminders_running ON reminders (asked_at) WHERE NOT done;
CREATE INDEX users_without_factor ON users (account_id, user_id) WHERE two_factor_since = 0;
