-- People, their cases, what was said, and leads.
--
-- Enumerations are text of 1 to 32 characters and not a fixed list: neighbouring versions of the
-- program run side by side on one database, a newer one may write a value an older one does not
-- know, and the older one must be able to write it back unchanged. The list lives in the program.

CREATE TABLE schema_info (
    id integer PRIMARY KEY CHECK (id = 1),
    version integer NOT NULL,
    min_compatible integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Which bot the database belongs to: one row a channel, for ever.
CREATE TABLE desks (
    channel text PRIMARY KEY,
    bot_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE agents (
    id uuid PRIMARY KEY,
    display_name text NOT NULL,
    telegram_user_id bigint UNIQUE,
    email text UNIQUE,
    role text NOT NULL CHECK (length(role) BETWEEN 1 AND 32),
    active boolean NOT NULL,
    last_seen_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clients (
    id uuid PRIMARY KEY,
    bot_id bigint NOT NULL,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    user_id bigint NOT NULL,
    chat_id bigint NOT NULL,
    username text,
    first_name text,
    last_name text,
    language text,
    disclosure_version text,
    disclosed_at timestamptz,
    reachable boolean NOT NULL,
    banned_at timestamptz,
    banned_by text,
    source text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT clients_person UNIQUE (bot_id, channel, user_id, chat_id)
);
-- The client whose private chat it is: loading a turn's snapshot.
CREATE INDEX clients_chat ON clients (bot_id, channel, chat_id);

CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    client_id uuid NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    status text NOT NULL CHECK (length(status) BETWEEN 1 AND 32),
    lead_score text CHECK (length(lead_score) BETWEEN 1 AND 32),
    last_message_at timestamptz,
    escalated_at timestamptz,
    closed_at timestamptz,
    escalated_to_agent_id uuid REFERENCES agents (id),
    owner text NOT NULL CHECK (length(owner) BETWEEN 1 AND 32),
    owner_epoch bigint NOT NULL,
    agents_topic_id bigint,
    -- Place of the last message; the next one gets one more.
    last_seq bigint NOT NULL DEFAULT 0,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- At most one open case a client; also how the open one is found.
CREATE UNIQUE INDEX conversations_open ON conversations (client_id)
    WHERE status IN ('active', 'escalated');
-- A client's cases, newest first.
CREATE INDEX conversations_client ON conversations (client_id, created_at);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_type text NOT NULL CHECK (length(sender_type) BETWEEN 1 AND 32),
    sender_id uuid,
    seq bigint NOT NULL CHECK (seq > 0),
    content text NOT NULL,
    content_type text NOT NULL CHECK (length(content_type) BETWEEN 1 AND 32),
    intent text,
    intent_score double precision,
    reply_to uuid,
    llm_used boolean NOT NULL DEFAULT false,
    llm_model text,
    llm_tokens_in bigint,
    llm_tokens_out bigint,
    llm_latency_ms bigint,
    llm_confidence double precision CHECK (llm_confidence BETWEEN 0 AND 1),
    llm_cost_micros bigint,
    knowledge_version text,
    edited_at timestamptz,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- The last messages of a case, in order; and no place is taken twice.
CREATE UNIQUE INDEX messages_place ON messages (conversation_id, seq);

CREATE TABLE message_deliveries (
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    part integer NOT NULL,
    bot_id bigint NOT NULL,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    chat_id bigint NOT NULL,
    thread_id bigint,
    direction text NOT NULL CHECK (length(direction) BETWEEN 1 AND 32),
    channel_message_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, channel, chat_id, direction, channel_message_id)
);
CREATE INDEX message_deliveries_message ON message_deliveries (message_id, part);

CREATE TABLE leads (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL UNIQUE REFERENCES conversations (id) ON DELETE CASCADE,
    name text,
    email text,
    company text,
    phone text,
    project_type text,
    project_description text,
    budget_range text NOT NULL DEFAULT 'unknown',
    timeline text,
    lead_score text NOT NULL CHECK (length(lead_score) BETWEEN 1 AND 32),
    score_points bigint NOT NULL,
    score_reasons jsonb NOT NULL,
    rubric_version text,
    lead_source text NOT NULL,
    lead_stage text NOT NULL CHECK (length(lead_stage) BETWEEN 1 AND 32),
    lost_reason text,
    fields jsonb NOT NULL,
    form jsonb NOT NULL,
    consent_at timestamptz,
    consent_version text,
    contacted_at timestamptz,
    converted_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT leads_lost_reason CHECK (lead_stage <> 'lost' OR lost_reason IS NOT NULL)
);
CREATE INDEX leads_email ON leads (email);

CREATE TABLE lead_stage_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id uuid NOT NULL REFERENCES leads (id) ON DELETE CASCADE,
    from_stage text CHECK (length(from_stage) BETWEEN 1 AND 32),
    to_stage text NOT NULL CHECK (length(to_stage) BETWEEN 1 AND 32),
    changed_by text NOT NULL,
    reason text,
    created_at timestamptz NOT NULL
);
CREATE INDEX lead_stage_history_lead ON lead_stage_history (lead_id, id);

CREATE TABLE sessions (
    client_id uuid PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    state jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
-- What the sweep forgets.
CREATE INDEX sessions_expiry ON sessions (expires_at);

INSERT INTO schema_info (id, version, min_compatible) VALUES (1, 1, 1);
