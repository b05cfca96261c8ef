-- Who reads what: asked by user and by time, where the journal is asked by subject otherwise.
CREATE INDEX journal_reads ON journal (id) WHERE event = 'read';
CREATE INDEX journal_reads_by ON journal (actor, id) WHERE event = 'read';
