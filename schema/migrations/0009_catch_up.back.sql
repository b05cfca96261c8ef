-- what partners were asked for after a restore, and the marks by which readers of the feed know of it
DELETE FROM counter WHERE name = 'journal-turn' OR name = 'journal-turn-head' OR name = 'journal-turn-since';
DROP TABLE catch_up_day;
DROP TABLE catch_up_item;
DROP TABLE catch_up;
