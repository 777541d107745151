-- Rows that are data and belong to one writer: a table's name, a key, a JSON text.
CREATE TABLE kv (
    tbl  TEXT NOT NULL,
    key  TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
