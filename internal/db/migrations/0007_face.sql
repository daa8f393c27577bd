-- +goose Up

-- How an organisation looks to its people. Every request reads its account, so what is large stands in tables of its own.
ALTER TABLE accounts ADD COLUMN face    text   NOT NULL DEFAULT '{}'; -- JSON, account.Face
ALTER TABLE accounts ADD COLUMN wording bigint NOT NULL DEFAULT 0;    -- how often its own texts were changed

-- The logo of an account. Written by package account.
CREATE TABLE account_logos (
    account_id text  NOT NULL PRIMARY KEY,
    file       text  NOT NULL UNIQUE,               -- its name in the address, made of its hash
    png        bytea NOT NULL
);

-- An account's own wording of a text. Written by package account.
CREATE TABLE account_texts (
    account_id text NOT NULL,
    language   text NOT NULL,
    text_key   text NOT NULL,
    wording    text NOT NULL,
    PRIMARY KEY (account_id, language, text_key)
);
