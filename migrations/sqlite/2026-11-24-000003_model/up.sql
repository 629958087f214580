-- What language models may still be asked: tokens by client and day, by bot and day.

-- Tokens of one UTC day (`2026-01-31`) of a client, or with a `client_id` of zeros of the whole bot.
-- `used` is what models reported, `estimated` what may have been charged and was not reported,
-- `reserved` what calls under way may use. The sum of the three counts against the limits.
CREATE TABLE token_budgets (
    bot_id INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (bot_id, client_id, day)
) STRICT;
-- What the sweep forgets.
CREATE INDEX token_budgets_age ON token_budgets (created_at);

-- Calls under way. What ran out is settled as estimated.
CREATE TABLE token_reservations (
    id TEXT PRIMARY KEY,
    bot_id INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- What ran out.
CREATE INDEX token_reservations_expiry ON token_reservations (expires_at);

UPDATE schema_info SET version = 3, min_compatible = 2, updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now');
