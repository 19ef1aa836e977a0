-- Schema version 6: the metadata of instances as it is answered, compressed. See docs/formats/metadata-chunk.md. All of it can be made again from the files.

CREATE TABLE metadata_chunk (
    id        INTEGER PRIMARY KEY,
    series    INTEGER NOT NULL REFERENCES series (id),
    instances INTEGER NOT NULL,              -- that it stands for
    names     BLOB NOT NULL,                 -- of their contents, 40 bytes each
    chunk     BLOB NOT NULL
) STRICT;
CREATE INDEX metadata_chunk_by_series ON metadata_chunk (series, instances);

-- What is deleted is not kept in another form, whoever deletes it.
CREATE TRIGGER metadata_of_deleted AFTER DELETE ON instance BEGIN
    DELETE FROM metadata_chunk WHERE series = OLD.series;
END;
