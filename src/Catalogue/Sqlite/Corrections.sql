-- Schema version 4: among equal authorities, the word that was corrected last is shown. See docs/formats/catalogue.md, "Corrections".

ALTER TABLE study_claim ADD COLUMN corrected INTEGER NOT NULL DEFAULT 0; -- Attribute Modification DateTime of the newest correction in attributes, ms since 1970; 0 none
