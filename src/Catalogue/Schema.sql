-- The catalogue of one node, schema version 1; src/Catalogue/Sqlite has what later versions add. The page docs/formats/catalogue.md explains every column and blob.
-- Times are milliseconds since 1970 UTC. Unknown text is '', unknown dates and times of a data set are -1.
-- "attributes" blobs hold explicit VR little endian data elements with text in UTF-8.

CREATE TABLE schema_version (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT;

-- One row. Rewritten whenever the catalogue is opened, which proves that it can be written.
CREATE TABLE opening (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    count   INTEGER NOT NULL,
    history BLOB NOT NULL                    -- 16 random bytes: another catalogue is another history, see docs/formats/feed.md
) STRICT;
INSERT INTO opening (id, count, history) VALUES (1, 0, randomblob(16));

CREATE TABLE patient (
    id               INTEGER PRIMARY KEY,
    key              TEXT NOT NULL UNIQUE,   -- "PatientID\Issuer", or "\StudyInstanceUID" where there is no PatientID
    patient_id       TEXT NOT NULL,
    issuer           TEXT NOT NULL,
    name_alphabetic  TEXT NOT NULL,          -- the three component groups, folded: no case, no accents
    name_ideographic TEXT,                   -- NULL where absent
    name_phonetic    TEXT,
    birth_date       INTEGER NOT NULL,       -- yyyymmdd
    sex              TEXT NOT NULL,
    attributes       BLOB NOT NULL
) STRICT;
CREATE INDEX patient_by_id          ON patient (patient_id);
CREATE INDEX patient_by_alphabetic  ON patient (name_alphabetic);
CREATE INDEX patient_by_ideographic ON patient (name_ideographic) WHERE name_ideographic IS NOT NULL;
CREATE INDEX patient_by_phonetic    ON patient (name_phonetic) WHERE name_phonetic IS NOT NULL;
CREATE INDEX patient_by_birth_date  ON patient (birth_date);

CREATE TABLE study (
    id                    INTEGER PRIMARY KEY,
    patient               INTEGER NOT NULL REFERENCES patient (id),
    uid                   TEXT NOT NULL UNIQUE,
    study_id              TEXT NOT NULL,
    date                  INTEGER NOT NULL,  -- yyyymmdd
    time                  INTEGER NOT NULL,  -- microseconds since midnight
    accession_number      TEXT NOT NULL,
    referring_alphabetic  TEXT NOT NULL,
    referring_ideographic TEXT,
    referring_phonetic    TEXT,
    attributes            BLOB NOT NULL
) STRICT;
CREATE INDEX study_by_patient               ON study (patient);
CREATE INDEX study_by_study_id              ON study (study_id);
CREATE INDEX study_by_date                  ON study (date, time);
CREATE INDEX study_by_accession_number      ON study (accession_number);
CREATE INDEX study_by_referring_alphabetic  ON study (referring_alphabetic);
CREATE INDEX study_by_referring_ideographic ON study (referring_ideographic) WHERE referring_ideographic IS NOT NULL;
CREATE INDEX study_by_referring_phonetic    ON study (referring_phonetic) WHERE referring_phonetic IS NOT NULL;

-- A Series Instance UID that a device used in two studies gives two rows, and a conflict.
CREATE TABLE series (
    id          INTEGER PRIMARY KEY,
    study       INTEGER NOT NULL REFERENCES study (id),
    uid         TEXT NOT NULL,
    modality    TEXT NOT NULL,
    number      INTEGER,
    attributes  BLOB NOT NULL,
    UNIQUE (uid, study)
) STRICT;
CREATE INDEX series_by_study ON series (study, modality);
CREATE INDEX series_by_modality ON series (modality, study);

-- What a series holds, by SOP class: all counts are sums over these small rows, so they cannot drift apart.
CREATE TABLE series_content (
    series    INTEGER NOT NULL REFERENCES series (id),
    sop_class TEXT NOT NULL,
    instances INTEGER NOT NULL CHECK (instances > 0),
    held      INTEGER NOT NULL CHECK (held BETWEEN 0 AND instances), -- of them with a copy here
    bytes     INTEGER NOT NULL,              -- stored bytes of first versions here
    PRIMARY KEY (series, sop_class)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance (
    id              INTEGER PRIMARY KEY,
    series          INTEGER NOT NULL REFERENCES series (id),
    uid             TEXT NOT NULL UNIQUE,
    sop_class       TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL,
    number          INTEGER,                 -- Instance Number, for display order
    source          TEXT NOT NULL,           -- calling AE title
    received_at     INTEGER NOT NULL,
    attributes      BLOB NOT NULL
) STRICT;
CREATE INDEX instance_by_series ON instance (series, number);

-- Version 0 is what the archive answers with. Higher versions are other contents under the same UID, kept on request.
CREATE TABLE copy (
    instance        INTEGER NOT NULL REFERENCES instance (id),
    version         INTEGER NOT NULL,
    volume          INTEGER NOT NULL,
    path            TEXT NOT NULL,
    length          INTEGER NOT NULL,        -- bytes
    hash            BLOB NOT NULL,
    data_set_offset INTEGER NOT NULL,        -- bytes from the start of the file
    state           INTEGER NOT NULL,        -- CopyState
    verified_at     INTEGER,
    PRIMARY KEY (instance, version, volume)
) STRICT, WITHOUT ROWID;

-- The change feed. Sequences have no gaps: SQLite gives the highest one + 1, and the newest row is never deleted.
CREATE TABLE change (
    sequence INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,               -- ChangeKind
    at       INTEGER NOT NULL,
    subject  TEXT NOT NULL                   -- SOP Instance UID; Study Instance UID of StudyCorrected
) STRICT;

-- Who tells what. 0 is this node itself; the others are those whose feed it applies.
CREATE TABLE publisher (
    id             INTEGER PRIMARY KEY,
    node           BLOB NOT NULL UNIQUE,     -- 16 bytes of the node's identity; zeros for 0 until it is known
    authority      INTEGER NOT NULL,         -- what a higher one says of patients, studies and series wins
    history        BLOB NOT NULL,            -- of its catalogue that the cursor belongs to
    cursor         INTEGER NOT NULL,         -- its changes up to here are in these rows
    seen           INTEGER NOT NULL,         -- its newest change when it read what it last told: at or beyond the cursor
    mark           INTEGER NOT NULL,         -- of that change, proves that it is still the same one
    filter         INTEGER NOT NULL,         -- fingerprint of what it lets this node see
    snapshot_after INTEGER,                  -- while a snapshot is taken over: up to which of its studies; else NULL
    round          INTEGER NOT NULL,         -- counts snapshots: studies of an older round are gone when one ends
    head           INTEGER NOT NULL,         -- its newest change when last heard
    head_at        INTEGER NOT NULL,         -- when it had that head, by its clock
    applied_at     INTEGER NOT NULL,         -- when something of it was last written here
    is_complete    INTEGER NOT NULL          -- 0 while a snapshot or a long absence is being caught up
) STRICT;
INSERT INTO publisher VALUES (0, zeroblob(16), 0, zeroblob(16), 0, 0, 0, 0, NULL, 0, 0, 0, 0, 1);

-- What a publisher says of a study and its patient. A row of publisher 0 stands only where another one's word is shown instead.
CREATE TABLE study_claim (
    study              INTEGER NOT NULL REFERENCES study (id),
    publisher          INTEGER NOT NULL REFERENCES publisher (id),
    round              INTEGER NOT NULL,
    patient_key        TEXT NOT NULL,
    patient_attributes BLOB NOT NULL,
    attributes         BLOB NOT NULL,
    PRIMARY KEY (study, publisher)
) STRICT, WITHOUT ROWID;

-- What a publisher says of a series, and how many of its instances it holds.
CREATE TABLE series_claim (
    series     INTEGER NOT NULL REFERENCES series (id),
    publisher  INTEGER NOT NULL REFERENCES publisher (id),
    instances  INTEGER NOT NULL,
    attributes BLOB NOT NULL,
    PRIMARY KEY (series, publisher)
) STRICT, WITHOUT ROWID;

-- That another node holds an instance, and which content.
CREATE TABLE holding (
    instance  INTEGER NOT NULL REFERENCES instance (id),
    publisher INTEGER NOT NULL REFERENCES publisher (id),
    length    INTEGER NOT NULL,              -- bytes
    hash      BLOB NOT NULL,
    said      BLOB,                          -- NULL: the row of the instance describes this content; else see docs/formats/catalogue.md
    PRIMARY KEY (instance, publisher)
) STRICT, WITHOUT ROWID;

-- What two sources say differently, for the administrator. The first one wins until somebody decides.
CREATE TABLE conflict (
    id          INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,            -- ConflictKind
    subject     TEXT NOT NULL,               -- UID or patient key of what is disputed
    fingerprint BLOB NOT NULL,               -- of the other content: the same difference is recorded once
    instance    TEXT NOT NULL,               -- SOP Instance UID that brought it
    source      TEXT NOT NULL,
    detected_at INTEGER NOT NULL,
    decision    INTEGER NOT NULL,            -- ConflictDecision
    version     INTEGER,                     -- of copy, where the other content was kept
    other       BLOB NOT NULL,               -- the other attributes, where attributes are disputed
    resolved_at INTEGER,
    UNIQUE (kind, subject, fingerprint)
) STRICT;
CREATE INDEX conflict_open ON conflict (id) WHERE resolved_at IS NULL;

CREATE TABLE job (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    payload  BLOB NOT NULL,
    due_at   INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state    INTEGER NOT NULL,               -- JobState
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX job_by_due ON job (state, due_at);
