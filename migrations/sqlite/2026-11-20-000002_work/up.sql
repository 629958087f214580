-- Waiting work: lanes and what waits in them, jobs, dead letters, leases.

-- One row a chat and direction. `ready_at` is the only key by which work is found: null is asleep,
-- past is due, future is leased, backing off or delayed. An expired lease is a due lane.
CREATE TABLE lanes (
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    chat_id INTEGER NOT NULL,
    ready_at TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (kind, bot_id, channel, chat_id)
) STRICT;
-- Claiming, and how much waits.
CREATE INDEX lanes_due ON lanes (kind, ready_at) WHERE ready_at IS NOT NULL;
-- What the sweep forgets.
CREATE INDEX lanes_asleep ON lanes (updated_at) WHERE ready_at IS NULL;

-- `seq` is drawn while the lane's row is locked, so that it grows within a lane as items are accepted.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    source_version INTEGER NOT NULL,
    payload BLOB NOT NULL,
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- The oldest item of a lane.
CREATE INDEX inbox_head ON inbox (bot_id, channel, chat_id, seq);

-- Each update acts once.
CREATE TABLE accepted_updates (
    bot_id INTEGER NOT NULL,
    update_id INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (bot_id, update_id)
) STRICT;
-- What the sweep forgets.
CREATE INDEX accepted_updates_age ON accepted_updates (created_at);

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    thread_id INTEGER,
    dedupe_key TEXT NOT NULL UNIQUE,
    message_id TEXT,
    part INTEGER NOT NULL,
    author TEXT NOT NULL CHECK (length(author) BETWEEN 1 AND 32),
    owner_epoch INTEGER NOT NULL,
    method TEXT NOT NULL CHECK (length(method) BETWEEN 1 AND 32),
    payload TEXT NOT NULL,
    repeat TEXT NOT NULL CHECK (length(repeat) BETWEEN 1 AND 32),
    in_flight INTEGER NOT NULL DEFAULT false,
    unknown INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- The oldest call of a lane.
CREATE INDEX outbox_head ON outbox (bot_id, channel, chat_id, seq);

-- Keys of calls that were ever decided: a call is decided once, also after it left the outbox.
CREATE TABLE outbox_keys (
    dedupe_key TEXT PRIMARY KEY,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    conversation_id TEXT REFERENCES conversations (id) ON DELETE CASCADE,
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    payload TEXT NOT NULL,
    run_at TEXT NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL,
    unique_key TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- Claiming; `run_at` is the lease too.
CREATE INDEX jobs_due ON jobs (run_at);
CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (bot_id, channel, chat_id);
CREATE INDEX jobs_conversation ON jobs (conversation_id);

-- What was given up, with all that is needed to try it again: for events the source and the bytes,
-- for calls and jobs the item as a document.
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL CHECK (length(queue) BETWEEN 1 AND 32),
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    source_version INTEGER,
    payload BLOB,
    item TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

-- Until when a chat, or with chat 0 the whole bot, has to wait.
CREATE TABLE not_before (
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    until TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (bot_id, channel, chat_id)
) STRICT;

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

UPDATE schema_info SET version = 2, min_compatible = 2, updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now');
