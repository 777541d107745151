-- Whose a strategy or a run over past prices is: `operator`, `user/` with an id or `key/` with a name.
-- What was there belongs to who changed it last or asked for it.
ALTER TABLE strategies ADD COLUMN owner TEXT NOT NULL DEFAULT 'operator';
ALTER TABLE research_runs ADD COLUMN owner TEXT NOT NULL DEFAULT 'operator';

UPDATE strategies SET owner = 'user/' || (SELECT id FROM users WHERE name = changed_by)
    WHERE changed_by IN (SELECT name FROM users);
UPDATE research_runs SET owner = 'user/' || (SELECT id FROM users WHERE name = by_whom)
    WHERE by_whom IN (SELECT name FROM users);

-- A key's name is one owner's for ever; the machine's keys for some accounts own for themselves.
UPDATE strategies SET owner = (SELECT MAX(CASE WHEN k.owner <> '' THEN 'user/' || k.owner
    WHEN k.accounts = '*' THEN 'operator' ELSE 'key/' || k.name END)
    FROM api_keys k WHERE 'key:' || k.name = changed_by)
    WHERE changed_by IN (SELECT 'key:' || name FROM api_keys);
UPDATE research_runs SET owner = (SELECT MAX(CASE WHEN k.owner <> '' THEN 'user/' || k.owner
    WHEN k.accounts = '*' THEN 'operator' ELSE 'key/' || k.name END)
    FROM api_keys k WHERE 'key:' || k.name = by_whom)
    WHERE by_whom IN (SELECT 'key:' || name FROM api_keys);
