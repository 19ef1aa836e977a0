-- Schema version 2: copies whose file is a compact form. See docs/formats/catalogue.md and docs/formats/compact-form.md.
-- length, hash and data_set_offset of a copy are those of the file that was stored at first, whatever form stands at its path.

ALTER TABLE copy ADD COLUMN compaction INTEGER NOT NULL DEFAULT 0;   -- CompactionOutcome; 0 is undecided
ALTER TABLE copy ADD COLUMN compact_length INTEGER;                  -- of the file at the path where that is a compact form, in bytes; else NULL
ALTER TABLE copy ADD COLUMN compact_hash BLOB;
ALTER TABLE copy ADD COLUMN compact_data_set_offset INTEGER;
ALTER TABLE copy ADD COLUMN compact_syntax TEXT;
CREATE INDEX copy_undecided ON copy (instance, volume) WHERE compaction = 0 AND version = 0;
