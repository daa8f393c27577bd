-- +goose Up

-- Nothing to do here: see 0002_keyed.sqlite.sql.
SELECT 1;
