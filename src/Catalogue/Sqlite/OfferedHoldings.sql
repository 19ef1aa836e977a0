-- Schema version 5: what a node offers and does not hold is counted without reading all that it holds. See docs/formats/catalogue.md, "Other nodes".

CREATE INDEX holding_offered ON holding (publisher) WHERE length = 0;
