-- +goose Up
-- What a call with an Idempotency-Key asked for stands in answer, sealed with what it was answered, and no longer in request as a hash that
-- guesses can be held against: it may hold a password. New rows have '' there; every other one is told as a call of which nothing
-- is known. The column goes with the release after this one.
UPDATE idempotent_calls SET request = 'before';
