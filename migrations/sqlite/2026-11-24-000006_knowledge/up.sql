-- Knowledge that people add beside the playbook's files, and what tells every process that it changed.

CREATE TABLE knowledge_entries (
    id TEXT PRIMARY KEY,
    locale TEXT NOT NULL CHECK (length(locale) BETWEEN 1 AND 35),
    slug TEXT NOT NULL CHECK (length(slug) BETWEEN 1 AND 48),
    -- Phrasings: a list of texts.
    questions TEXT NOT NULL,
    answer TEXT NOT NULL,
    -- Menu actions: a list of names.
    buttons TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- Counts up with every change: whoever changes it says which one he saw.
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
-- One entry of a slug in a locale.
CREATE UNIQUE INDEX knowledge_entries_name ON knowledge_entries (slug, locale);

-- How often something was changed that processes keep a copy of (`knowledge`): they look here, and read
-- it again when this has moved.
CREATE TABLE wake_epochs (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;

UPDATE schema_info SET version = 6, updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now');
