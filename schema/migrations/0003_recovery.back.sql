-- from when on messages are to be asked for after a restore (the journal keeps that there was one)
DROP TABLE recovery;
