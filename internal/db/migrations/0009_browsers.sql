-- +goose Up

-- A browser trusted before this time is not trusted: enforcement was switched on since, or fewer days are allowed. 0 for never.
ALTER TABLE accounts ADD COLUMN trust_from bigint NOT NULL DEFAULT 0;

-- Why the second factor is asked for in a browser that was trusted: browser, system, country, over or used; '' if it was not.
ALTER TABLE pending_sign_ins ADD COLUMN asked_again text NOT NULL DEFAULT '';
-- The kind of second factor that was proved already, where a passkey must be set up besides; '' if none was.
ALTER TABLE pending_sign_ins ADD COLUMN proved text NOT NULL DEFAULT '';

-- A browser in which somebody is not asked for the second factor. Written by package browser.
CREATE TABLE trusted_browsers (
    account_id   text   NOT NULL,
    user_id      text   NOT NULL,
    browser_id   text   NOT NULL,                   -- hash of the cookie's lasting secret
    turn         bytea  NOT NULL,                   -- hash of the cookie's secret that changes at each use
    epoch        bigint NOT NULL,                   -- of the user; in another one it is not trusted
    name         text   NOT NULL,                   -- given by its owner; '' for what the browser says of itself
    browser      text   NOT NULL,                   -- family, as it was when it became trusted; with the next two, what must not change
    system       text   NOT NULL,                   -- operating system
    country      text   NOT NULL,                   -- ISO 3166 code; '' where no location database knew it
    address      text   NOT NULL,                   -- of its last use
    user_agent   text   NOT NULL,
    trusted_at   bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at   bigint NOT NULL,                   -- never moved
    ended        text   NOT NULL,                   -- why the trust was found to be over, as in asked_again; '' while it was not
    PRIMARY KEY (account_id, user_id, browser_id)
);
CREATE INDEX trusted_browsers_ending ON trusted_browsers (expires_at);

-- The challenges that a passkey has answered: none counts twice. Written by package factor.
CREATE TABLE spent_challenges (
    account_id text   NOT NULL,
    user_id    text   NOT NULL,
    challenge  text   NOT NULL,                     -- its hash
    expires_at bigint NOT NULL,                     -- when the challenge is over by itself
    PRIMARY KEY (account_id, user_id, challenge)
);
CREATE INDEX spent_challenges_ending ON spent_challenges (expires_at);
