DROP TABLE catch_up_day;
DROP TABLE catch_up_item;
DROP TABLE catch_up;
