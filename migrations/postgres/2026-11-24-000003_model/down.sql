DROP TABLE token_reservations;
DROP TABLE token_budgets;
UPDATE schema_info SET version = 2, min_compatible = 2;
