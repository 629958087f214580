DROP TABLE attachments;
UPDATE schema_info SET version = 4;
