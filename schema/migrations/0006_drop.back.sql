-- which dropped files were taken, and how far the folders "out" have come: files that are dropped again are taken again
DROP TABLE drop_cursor;
DROP TABLE drop_document;
DROP TABLE drop_file;
