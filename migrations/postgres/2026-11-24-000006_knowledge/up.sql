-- Knowledge that people add beside the playbook's files, and what tells every process that it changed.

CREATE TABLE knowledge_entries (
    id uuid PRIMARY KEY,
    locale text NOT NULL CHECK (length(locale) BETWEEN 1 AND 35),
    slug text NOT NULL CHECK (length(slug) BETWEEN 1 AND 48),
    -- Phrasings: a list of texts.
    questions jsonb NOT NULL,
    answer text NOT NULL,
    -- Menu actions: a list of names.
    buttons jsonb NOT NULL,
    enabled boolean NOT NULL,
    -- Counts up with every change: whoever changes it says which one he saw.
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- One entry of a slug in a locale.
CREATE UNIQUE INDEX knowledge_entries_name ON knowledge_entries (slug, locale);

-- How often something was changed that processes keep a copy of (`knowledge`): they look here, and read
-- it again when this has moved.
CREATE TABLE wake_epochs (
    name text PRIMARY KEY,
    epoch bigint NOT NULL CHECK (epoch >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

UPDATE schema_info SET version = 6, updated_at = now();
