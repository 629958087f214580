-- Files of conversations. Their bytes are in file storage, under `storage_key`.

CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    -- For display alone: no path, no control characters.
    file_name text CHECK (length(file_name) BETWEEN 1 AND 255),
    mime_declared text,
    mime_detected text,
    size_bytes bigint CHECK (size_bytes >= 0),
    -- 64 hexadecimal digits.
    sha256 text CHECK (length(sha256) = 64),
    storage_key text,
    status text NOT NULL CHECK (length(status) BETWEEN 1 AND 32),
    refusal text CHECK (length(refusal) BETWEEN 1 AND 32),
    media_group_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (status <> 'stored' OR (sha256 IS NOT NULL AND storage_key IS NOT NULL AND size_bytes IS NOT NULL))
);
-- The files of a case, in the order they came.
CREATE INDEX attachments_case ON attachments (conversation_id, id);
-- Deleting a message.
CREATE INDEX attachments_message ON attachments (message_id);
-- Whether bytes in file storage belong to a file.
CREATE INDEX attachments_storage_key ON attachments (storage_key) WHERE storage_key IS NOT NULL;

UPDATE schema_info SET version = 5, updated_at = now();
