-- Rows that are data and belong to one writer: a table's name, a key, a JSON text.
CREATE TABLE kv (
    tbl  TEXT COLLATE "C" NOT NULL,
    key  TEXT COLLATE "C" NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tbl, key)
);
