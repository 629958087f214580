-- The back office: tokens, the audit log, and the indexes its lists and figures go by.

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    name text NOT NULL,
    -- SHA-256 of the token, 64 hexadecimal digits: the token itself is nowhere.
    hash text NOT NULL UNIQUE CHECK (length(hash) = 64),
    prefix text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- The token somebody shows.
CREATE INDEX api_tokens_prefix ON api_tokens (prefix);
-- Deleting an agent.
CREATE INDEX api_tokens_agent ON api_tokens (agent_id);

-- Append-only and chained: `hash` covers the entry and `prev_hash`. Numbers have no gaps.
CREATE TABLE audit_log (
    id bigint PRIMARY KEY CHECK (id > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    prev_hash text NOT NULL CHECK (length(prev_hash) = 64),
    hash text NOT NULL CHECK (length(hash) = 64),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();

-- Lists of cases and of leads, newest first (ids grow with time). What another filter asks is in the
-- index, too: a filter that fits few rows reads no row that does not fit.
CREATE INDEX conversations_by_status ON conversations (status, id, owner, lead_score);
CREATE INDEX conversations_by_owner ON conversations (owner, id, status, lead_score);
CREATE INDEX conversations_by_score ON conversations (lead_score, id, status, owner);
CREATE INDEX leads_by_stage ON leads (lead_stage, id, lead_score);
CREATE INDEX leads_by_score ON leads (lead_score, id, lead_stage);

-- Figures: cases opened in a period, and what models did in it.
CREATE INDEX conversations_opened ON conversations (created_at);
CREATE INDEX messages_of_models ON messages (created_at) WHERE llm_used;

UPDATE schema_info SET version = 4, updated_at = now();
