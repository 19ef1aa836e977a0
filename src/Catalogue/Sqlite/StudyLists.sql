-- Schema version 7: what lists of studies are searched and sorted by. See docs/formats/catalogue.md, "Lists of studies".

ALTER TABLE study ADD COLUMN description TEXT NOT NULL DEFAULT ''; -- Study Description, folded: no case, no accents
ALTER TABLE study ADD COLUMN modalities TEXT NOT NULL DEFAULT '';  -- of its series, in order, with backslashes between
UPDATE study SET description = panal_description(attributes),
                 modalities = coalesce((SELECT group_concat(modality, '\')
                                        FROM (SELECT DISTINCT modality FROM series WHERE series.study = study.id AND modality <> '' ORDER BY modality)), '');
CREATE INDEX study_by_description ON study (description);
CREATE INDEX study_by_modalities  ON study (modalities);

CREATE TRIGGER series_added AFTER INSERT ON series WHEN new.modality <> '' BEGIN
    UPDATE study SET modalities = (SELECT group_concat(modality, '\')
                                   FROM (SELECT DISTINCT modality FROM series WHERE study = new.study AND modality <> '' ORDER BY modality))
    WHERE id = new.study;
END;
CREATE TRIGGER series_changed AFTER UPDATE OF modality ON series WHEN new.modality <> old.modality BEGIN
    UPDATE study SET modalities = coalesce((SELECT group_concat(modality, '\')
                                            FROM (SELECT DISTINCT modality FROM series WHERE study = new.study AND modality <> '' ORDER BY modality)), '')
    WHERE id = new.study;
END;
CREATE TRIGGER series_removed AFTER DELETE ON series WHEN old.modality <> '' BEGIN
    UPDATE study SET modalities = coalesce((SELECT group_concat(modality, '\')
                                            FROM (SELECT DISTINCT modality FROM series WHERE study = old.study AND modality <> '' ORDER BY modality)), '')
    WHERE id = old.study;
END;

-- The words of a study and of its patient. The beginnings of words stand in it too: what one letter finds need not be put together of all words with it.
CREATE VIRTUAL TABLE study_text USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, prefix = '1 2 3 4 5 6', tokenize = 'ascii'
);
CREATE VIEW study_words AS
    SELECT study.id, study.patient, patient.name_alphabetic || ' ' || coalesce(patient.name_ideographic, '') || ' ' || coalesce(patient.name_phonetic, '') || ' '
        || patient.patient_id || ' ' || study.accession_number || ' ' || study.study_id || ' ' || study.description AS text
    FROM study JOIN patient ON patient.id = study.patient;
INSERT INTO study_text (rowid, text) SELECT id, text FROM study_words;

CREATE TRIGGER study_added AFTER INSERT ON study BEGIN
    INSERT INTO study_text (rowid, text) SELECT id, text FROM study_words WHERE id = new.id;
END;
CREATE TRIGGER study_changed AFTER UPDATE OF patient, accession_number, study_id, description ON study
WHEN new.patient <> old.patient OR new.accession_number <> old.accession_number OR new.study_id <> old.study_id OR new.description <> old.description BEGIN
    DELETE FROM study_text WHERE rowid = new.id;
    INSERT INTO study_text (rowid, text) SELECT id, text FROM study_words WHERE id = new.id;
END;
CREATE TRIGGER study_removed AFTER DELETE ON study BEGIN
    DELETE FROM study_text WHERE rowid = old.id;
END;
CREATE TRIGGER patient_changed AFTER UPDATE OF patient_id, name_alphabetic, name_ideographic, name_phonetic ON patient
WHEN new.patient_id <> old.patient_id OR new.name_alphabetic <> old.name_alphabetic
  OR new.name_ideographic IS NOT old.name_ideographic OR new.name_phonetic IS NOT old.name_phonetic BEGIN
    DELETE FROM study_text WHERE rowid IN (SELECT id FROM study WHERE patient = new.id);
    INSERT INTO study_text (rowid, text) SELECT id, text FROM study_words WHERE patient = new.id;
END;
