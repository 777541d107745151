-- Whose a strategy or a run over past prices is: `operator`, `user/` or `key/` with an id. What was
-- there belongs to the person who changed it last or asked for it, else to the operator.
ALTER TABLE strategies ADD COLUMN owner TEXT NOT NULL DEFAULT 'operator';
ALTER TABLE research_runs ADD COLUMN owner TEXT NOT NULL DEFAULT 'operator';

UPDATE strategies SET owner = 'user/' || (SELECT id FROM users WHERE name = changed_by)
    WHERE changed_by IN (SELECT name FROM users);
UPDATE research_runs SET owner = 'user/' || (SELECT id FROM users WHERE name = by_whom)
    WHERE by_whom IN (SELECT name FROM users);
