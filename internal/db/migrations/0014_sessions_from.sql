-- +goose Up
-- A session that was not used since used_from, or began before begun_from, is over, whatever the policy says now: it was by the policy
-- that was replaced. 0 for never.
ALTER TABLE accounts ADD COLUMN used_from bigint NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN begun_from bigint NOT NULL DEFAULT 0;
