DROP TABLE drop_cursor;
DROP TABLE drop_document;
DROP TABLE drop_file;
