-- how the link stood when a paper was accepted (the journal keeps it)
ALTER TABLE paper DROP COLUMN link;
