-- nothing: what users have read is found more slowly
DROP INDEX journal_reads_by;
DROP INDEX journal_reads;
