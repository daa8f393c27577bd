-- +goose Up

-- The collation "C" compares bytes, as SQLite does: so a word's beginning is a range of the index, and both engines sort alike.
ALTER TABLE users ALTER COLUMN email TYPE text COLLATE "C";
ALTER TABLE users ADD COLUMN called text COLLATE "C" NOT NULL DEFAULT '';  -- the name, or the address without one, in the form in which it is sorted

-- The words of people's names and addresses, by which they are found. Written by package user.
CREATE TABLE user_words (
    account_id text NOT NULL,
    word       text COLLATE "C" NOT NULL,           -- small letters without accents, and digits
    user_id    text NOT NULL,
    PRIMARY KEY (account_id, word, user_id)
);
CREATE INDEX user_words_by_user ON user_words (account_id, user_id, word);

-- Lists of people are read page by page, in each order from an index of its own, and a filter that few people pass from the index of the filter, so that a
-- page costs the same however many people an account has (package user, store_list.go).
CREATE INDEX users_by_called ON users (account_id, called, user_id);
CREATE INDEX users_by_since  ON users (account_id, two_factor_since, user_id);
CREATE INDEX users_by_added  ON users (account_id, created_at, user_id);
CREATE INDEX users_by_kinds  ON users (account_id, two_factor_kinds);
CREATE INDEX users_by_role   ON users (account_id, role);
CREATE INDEX users_without   ON users (account_id, created_at, user_id) WHERE two_factor_since = 0;
CREATE INDEX users_locked    ON users (account_id) WHERE locked_at > 0;
CREATE INDEX users_invited   ON users (account_id) WHERE invited_at > 0;
CREATE INDEX users_set_up    ON users (account_id) WHERE set_up_required;
CREATE INDEX users_unnoted   ON users (account_id) WHERE called = ''; -- those who were there before, until their words are noted


