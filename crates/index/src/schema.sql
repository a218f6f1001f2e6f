-- The index: a disposable view of final blocks. Digests and ids are lower-case hexadecimal,
-- instants are milliseconds UTC, dates are YYYY-MM-DD. `height, idx` is a place in the journal.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    height       INTEGER PRIMARY KEY,
    digest       TEXT NOT NULL,
    instant      INTEGER NOT NULL,
    epoch        INTEGER NOT NULL,
    view         INTEGER NOT NULL,
    leader       TEXT NOT NULL,
    ledger_root  TEXT NOT NULL,
    journal_root TEXT NOT NULL,
    law_version  INTEGER NOT NULL,
    acts         INTEGER NOT NULL,
    entries      INTEGER NOT NULL
) STRICT;

-- One row per outcome: of an act, or of an item that fell due (then `act` is null).
CREATE TABLE journal (
    height   INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    result   TEXT NOT NULL,
    act      TEXT,
    kind     TEXT,
    actor    TEXT,
    key      TEXT,
    sequence INTEGER,
    treaty   TEXT,
    says     TEXT,
    code     INTEGER,
    refusal  TEXT,
    sentence TEXT,
    PRIMARY KEY (height, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_act ON journal (act) WHERE act IS NOT NULL;
CREATE INDEX journal_by_treaty ON journal (treaty, height, idx) WHERE treaty IS NOT NULL;

CREATE TABLE events (
    height   INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event    TEXT NOT NULL,
    treaty   TEXT,
    actor    TEXT,
    body     TEXT NOT NULL,
    PRIMARY KEY (height, idx, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_treaty ON events (treaty, height, idx) WHERE treaty IS NOT NULL;

CREATE TABLE actors (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    kind   TEXT NOT NULL,
    parent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX actors_by_name ON actors (name);

CREATE TABLE treaties (
    treaty      TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    titles      TEXT NOT NULL,
    transcribed INTEGER NOT NULL,
    source      TEXT,
    height      INTEGER NOT NULL,
    idx         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Everyone who drew a treaty up or did something under it, in order of appearance.
CREATE TABLE participants (
    treaty      TEXT NOT NULL,
    place       INTEGER NOT NULL,
    participant TEXT NOT NULL,
    PRIMARY KEY (treaty, participant)
) STRICT, WITHOUT ROWID;
