-- +goose Up

-- Whom an event concerns, besides who did it: so that a person's events are found by an index. '' for nobody.
ALTER TABLE audit_events ADD COLUMN person_id text NOT NULL DEFAULT '';
UPDATE audit_events SET person_id = CASE WHEN substr(target_id, 1, 4) = 'usr_' THEN target_id ELSE actor_id END;

-- The filters of the audit log, each in the order in which its pages are read. Mostly a person does something to themselves,
-- which the first index finds; the second holds the rest only.
CREATE INDEX audit_events_person ON audit_events (account_id, person_id, event_id);
CREATE INDEX audit_events_actor ON audit_events (account_id, actor_id, event_id, person_id) WHERE actor_id <> '' AND actor_id <> person_id;
CREATE INDEX audit_events_action ON audit_events (account_id, action, event_id);

-- A batch of events with the digest of each, chained to the batch before it. Append only. Written by package audit.
CREATE TABLE audit_seals (
    account_id  text   NOT NULL,                    -- '' for events of no account, which have a chain too
    seq         bigint NOT NULL,                    -- from 1, without gaps; of two servers that seal at once, one gets it
    first_event text   NOT NULL,                    -- '' if the batch holds late events only
    last_event  text   NOT NULL,                    -- where the batch ends and the next one begins
    events      bigint NOT NULL,                    -- how many the batch holds, in the order of their ids
    late        bigint NOT NULL,                    -- and how many that came after their own batch was sealed
    sealed_at   bigint NOT NULL,
    hash        bytea  NOT NULL,                    -- SHA-256 over the hash before it and all of the above and below
    digests     bytea  NOT NULL,                    -- SHA-256 of each event
    PRIMARY KEY (account_id, seq)
);

-- Where an account's chain ends. Written by package audit.
CREATE TABLE audit_heads (
    account_id text   NOT NULL PRIMARY KEY,
    seq        bigint NOT NULL,
    hash       bytea  NOT NULL,
    last_event text   NOT NULL,
    proof      bytea  NOT NULL                      -- made with the key file: nobody makes a head with the database alone
);
