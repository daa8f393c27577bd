-- +goose Up
-- The answers that are kept of a caller's calls, by age. A status of -1 is that of a call whose answer was dropped for later ones.
CREATE INDEX idempotent_calls_answers ON idempotent_calls (account_id, caller, begun_at, call_id) WHERE status > 0;
