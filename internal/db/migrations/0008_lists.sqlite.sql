-- +goose Up

ALTER TABLE users ADD COLUMN called text NOT NULL DEFAULT '';  -- the name, or the address without one, in the form in which it is sorted

-- The words of people's names and addresses, by which they are found. Beside each stands what its people are sorted by, so that those of a word are put in
-- order without reading their rows. Written by package user.
CREATE TABLE user_words (
    account_id text NOT NULL,
    word       text NOT NULL,                       -- small letters without accents, and digits
    user_id    text NOT NULL,
    email      text NOT NULL,
    called     text NOT NULL,
    PRIMARY KEY (account_id, word, user_id)
) WITHOUT ROWID;
CREATE INDEX user_words_by_user ON user_words (account_id, user_id, word);

-- Lists of people are read page by page, in each order from an index of its own, and a filter that few people pass from the index of the filter, so that a
-- page costs the same however many people an account has (package user, store_list.go). The orders hold all that is filtered by, so that going through them
-- reads no rows. Each filter's column is part of its index: SQLite takes the key instead of an index that names the account alone.
CREATE INDEX users_by_address ON users (account_id, email, user_id, role, two_factor_kinds, two_factor_since, created_at, locked_at, invited_at, set_up_required);
CREATE INDEX users_by_called  ON users (account_id, called, user_id, role, two_factor_kinds, two_factor_since, created_at, locked_at, invited_at, set_up_required);
CREATE INDEX users_by_since   ON users (account_id, two_factor_since, user_id, role, two_factor_kinds, created_at, locked_at, invited_at, set_up_required);
CREATE INDEX users_by_added   ON users (account_id, created_at, user_id, role, two_factor_kinds, two_factor_since, locked_at, invited_at, set_up_required);
CREATE INDEX users_by_kinds  ON users (account_id, two_factor_kinds);
CREATE INDEX users_by_role   ON users (account_id, role);
CREATE INDEX users_without   ON users (account_id, two_factor_since, created_at, user_id) WHERE two_factor_since = 0;
CREATE INDEX users_locked    ON users (account_id, locked_at) WHERE locked_at > 0;
CREATE INDEX users_invited   ON users (account_id, invited_at) WHERE invited_at > 0;
CREATE INDEX users_set_up    ON users (account_id, set_up_required) WHERE set_up_required = TRUE;
CREATE INDEX users_unnoted   ON users (account_id) WHERE called = ''; -- those who were there before, until their words are noted


