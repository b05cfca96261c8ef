-- the numbers that readers of the feed have known entries by since a restore: they begin again from after=0
DROP TABLE journal_turn;
INSERT INTO counter (name, value) VALUES ('journal-turn', 0), ('journal-turn-head', 0), ('journal-turn-since', 0);
