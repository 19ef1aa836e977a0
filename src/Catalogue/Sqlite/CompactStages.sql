-- Schema version 3: where the stages of compact forms end, so that they can be told to other nodes without reading the files.
-- See docs/formats/catalogue.md and docs/formats/stages.md.

ALTER TABLE copy ADD COLUMN compact_stages BLOB;   -- of the file at the path where that is a compact form with stages; else NULL
