-- Files of conversations. Their bytes are in file storage, under `storage_key`.

CREATE TABLE attachments (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    -- For display alone: no path, no control characters.
    file_name TEXT CHECK (length(file_name) BETWEEN 1 AND 255),
    mime_declared TEXT,
    mime_detected TEXT,
    size_bytes INTEGER CHECK (size_bytes >= 0),
    -- 64 hexadecimal digits.
    sha256 TEXT CHECK (length(sha256) = 64),
    storage_key TEXT,
    status TEXT NOT NULL CHECK (length(status) BETWEEN 1 AND 32),
    refusal TEXT CHECK (length(refusal) BETWEEN 1 AND 32),
    media_group_id TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (status <> 'stored' OR (sha256 IS NOT NULL AND storage_key IS NOT NULL AND size_bytes IS NOT NULL))
) STRICT;
-- The files of a case, in the order they came.
CREATE INDEX attachments_case ON attachments (conversation_id, id);
-- Deleting a message.
CREATE INDEX attachments_message ON attachments (message_id);
-- Whether bytes in file storage belong to a file.
CREATE INDEX attachments_storage_key ON attachments (storage_key) WHERE storage_key IS NOT NULL;

UPDATE schema_info SET version = 5, updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now');
