-- Waiting work: lanes and what waits in them, jobs, dead letters, leases.

-- One row a chat and direction. `ready_at` is the only key by which work is found: null is asleep,
-- past is due, future is leased, backing off or delayed. An expired lease is a due lane.
CREATE TABLE lanes (
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    bot_id bigint NOT NULL,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    chat_id bigint NOT NULL,
    ready_at timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    owner uuid,
    attempt integer NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, bot_id, channel, chat_id)
) WITH (
    fillfactor = 60,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
-- Claiming, and how much waits.
CREATE INDEX lanes_due ON lanes (kind, ready_at) WHERE ready_at IS NOT NULL;
-- What the sweep forgets.
CREATE INDEX lanes_asleep ON lanes (updated_at) WHERE ready_at IS NULL;

-- `seq` is drawn while the lane's row is locked, so that it grows within a lane as items are accepted.
CREATE TABLE inbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot_id bigint NOT NULL,
    channel text NOT NULL,
    chat_id bigint NOT NULL,
    source text NOT NULL,
    source_version integer NOT NULL,
    payload bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
-- The oldest item of a lane.
CREATE INDEX inbox_head ON inbox (bot_id, channel, chat_id, seq);

-- Each update acts once.
CREATE TABLE accepted_updates (
    bot_id bigint NOT NULL,
    update_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, update_id)
);
-- What the sweep forgets.
CREATE INDEX accepted_updates_age ON accepted_updates (created_at);

CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot_id bigint NOT NULL,
    channel text NOT NULL,
    chat_id bigint NOT NULL,
    thread_id bigint,
    dedupe_key text NOT NULL UNIQUE,
    message_id uuid,
    part integer NOT NULL,
    author text NOT NULL CHECK (length(author) BETWEEN 1 AND 32),
    owner_epoch bigint NOT NULL,
    method text NOT NULL CHECK (length(method) BETWEEN 1 AND 32),
    payload jsonb NOT NULL,
    repeat text NOT NULL CHECK (length(repeat) BETWEEN 1 AND 32),
    in_flight boolean NOT NULL DEFAULT false,
    unknown integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
-- The oldest call of a lane.
CREATE INDEX outbox_head ON outbox (bot_id, channel, chat_id, seq);

-- Keys of calls that were ever decided: a call is decided once, also after it left the outbox.
CREATE TABLE outbox_keys (
    dedupe_key text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    version integer NOT NULL,
    conversation_id uuid REFERENCES conversations (id) ON DELETE CASCADE,
    bot_id bigint NOT NULL,
    channel text NOT NULL,
    chat_id bigint NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamptz NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    owner uuid,
    attempt integer NOT NULL DEFAULT 0,
    priority integer NOT NULL,
    unique_key text,
    generation bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
-- Claiming; `run_at` is the lease too.
CREATE INDEX jobs_due ON jobs (run_at);
CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (bot_id, channel, chat_id);
CREATE INDEX jobs_conversation ON jobs (conversation_id);

-- What was given up, with all that is needed to try it again: for events the source and the bytes,
-- for calls and jobs the item as a document.
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 32),
    bot_id bigint NOT NULL,
    channel text NOT NULL,
    chat_id bigint NOT NULL,
    what text NOT NULL,
    why text NOT NULL,
    source_version integer,
    payload bytea,
    item jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Until when a chat, or with chat 0 the whole bot, has to wait.
CREATE TABLE not_before (
    bot_id bigint NOT NULL,
    channel text NOT NULL,
    chat_id bigint NOT NULL,
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, channel, chat_id)
);

CREATE TABLE leases (
    name text PRIMARY KEY,
    owner uuid NOT NULL,
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

UPDATE schema_info SET version = 2, min_compatible = 2, updated_at = now();
