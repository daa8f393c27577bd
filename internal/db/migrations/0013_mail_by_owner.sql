-- +goose Up
-- Whether an owner or the operator chose the account's mail server: one that an administrator chose carries nothing that opens
-- the account of who ranks above.
ALTER TABLE mail_servers ADD COLUMN by_owner boolean NOT NULL DEFAULT false;
