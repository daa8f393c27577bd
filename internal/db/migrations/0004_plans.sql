-- +goose Up

-- What an account has bought, and what was granted to it by hand.
ALTER TABLE accounts ADD COLUMN plan          text   NOT NULL DEFAULT '';   -- its name in the settings; '' is default_plan
ALTER TABLE accounts ADD COLUMN trial_ends_at bigint NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN allowances    text   NOT NULL DEFAULT '[]'; -- JSON, []account.Allowance
