-- People, their cases, what was said, and leads.
--
-- Times are text of fixed width, `2026-01-31T09:00:00.000000Z`, so that text sorts as time does;
-- ids are the text of UUIDs, documents are JSON as text.
--
-- Enumerations are text of 1 to 32 characters and not a fixed list: neighbouring versions of the
-- program run side by side on one database, a newer one may write a value an older one does not
-- know, and the older one must be able to write it back unchanged. The list lives in the program.

CREATE TABLE schema_info (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    min_compatible INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

-- Which bot the database belongs to: one row a channel, for ever.
CREATE TABLE desks (
    channel TEXT PRIMARY KEY,
    bot_id INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    telegram_user_id INTEGER UNIQUE,
    email TEXT UNIQUE,
    role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 32),
    active INTEGER NOT NULL,
    last_seen_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    user_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    username TEXT,
    first_name TEXT,
    last_name TEXT,
    language TEXT,
    disclosure_version TEXT,
    disclosed_at TEXT,
    reachable INTEGER NOT NULL,
    banned_at TEXT,
    banned_by TEXT,
    source TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT clients_person UNIQUE (bot_id, channel, user_id, chat_id)
) STRICT;
-- The client whose private chat it is: loading a turn's snapshot.
CREATE INDEX clients_chat ON clients (bot_id, channel, chat_id);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (length(status) BETWEEN 1 AND 32),
    lead_score TEXT CHECK (length(lead_score) BETWEEN 1 AND 32),
    last_message_at TEXT,
    escalated_at TEXT,
    closed_at TEXT,
    escalated_to_agent_id TEXT REFERENCES agents (id),
    owner TEXT NOT NULL CHECK (length(owner) BETWEEN 1 AND 32),
    owner_epoch INTEGER NOT NULL,
    agents_topic_id INTEGER,
    -- Place of the last message; the next one gets one more.
    last_seq INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
-- At most one open case a client; also how the open one is found.
CREATE UNIQUE INDEX conversations_open ON conversations (client_id)
    WHERE status IN ('active', 'escalated');
-- A client's cases, newest first.
CREATE INDEX conversations_client ON conversations (client_id, created_at);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_type TEXT NOT NULL CHECK (length(sender_type) BETWEEN 1 AND 32),
    sender_id TEXT,
    seq INTEGER NOT NULL CHECK (seq > 0),
    content TEXT NOT NULL,
    content_type TEXT NOT NULL CHECK (length(content_type) BETWEEN 1 AND 32),
    intent TEXT,
    intent_score REAL,
    reply_to TEXT,
    llm_used INTEGER NOT NULL DEFAULT false,
    llm_model TEXT,
    llm_tokens_in INTEGER,
    llm_tokens_out INTEGER,
    llm_latency_ms INTEGER,
    llm_confidence REAL CHECK (llm_confidence BETWEEN 0 AND 1),
    llm_cost_micros INTEGER,
    knowledge_version TEXT,
    edited_at TEXT,
    metadata TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
-- The last messages of a case, in order; and no place is taken twice.
CREATE UNIQUE INDEX messages_place ON messages (conversation_id, seq);

CREATE TABLE message_deliveries (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    bot_id INTEGER NOT NULL,
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    chat_id INTEGER NOT NULL,
    thread_id INTEGER,
    direction TEXT NOT NULL CHECK (length(direction) BETWEEN 1 AND 32),
    channel_message_id INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (bot_id, channel, chat_id, direction, channel_message_id)
) STRICT;
CREATE INDEX message_deliveries_message ON message_deliveries (message_id, part);

CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE REFERENCES conversations (id) ON DELETE CASCADE,
    name TEXT,
    email TEXT,
    company TEXT,
    phone TEXT,
    project_type TEXT,
    project_description TEXT,
    budget_range TEXT NOT NULL DEFAULT 'unknown',
    timeline TEXT,
    lead_score TEXT NOT NULL CHECK (length(lead_score) BETWEEN 1 AND 32),
    score_points INTEGER NOT NULL,
    score_reasons TEXT NOT NULL,
    rubric_version TEXT,
    lead_source TEXT NOT NULL,
    lead_stage TEXT NOT NULL CHECK (length(lead_stage) BETWEEN 1 AND 32),
    lost_reason TEXT,
    fields TEXT NOT NULL,
    form TEXT NOT NULL,
    consent_at TEXT,
    consent_version TEXT,
    contacted_at TEXT,
    converted_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT leads_lost_reason CHECK (lead_stage <> 'lost' OR lost_reason IS NOT NULL)
) STRICT;
CREATE INDEX leads_email ON leads (email);

CREATE TABLE lead_stage_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead_id TEXT NOT NULL REFERENCES leads (id) ON DELETE CASCADE,
    from_stage TEXT CHECK (length(from_stage) BETWEEN 1 AND 32),
    to_stage TEXT NOT NULL CHECK (length(to_stage) BETWEEN 1 AND 32),
    changed_by TEXT NOT NULL,
    reason TEXT,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX lead_stage_history_lead ON lead_stage_history (lead_id, id);

CREATE TABLE sessions (
    client_id TEXT PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- What the sweep forgets.
CREATE INDEX sessions_expiry ON sessions (expires_at);

INSERT INTO schema_info (id, version, min_compatible) VALUES (1, 1, 1);
