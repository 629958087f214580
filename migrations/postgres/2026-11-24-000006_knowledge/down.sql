DROP TABLE wake_epochs;
DROP TABLE knowledge_entries;
UPDATE schema_info SET version = 5;
