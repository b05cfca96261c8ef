DROP TABLE link_notice;
DROP TABLE link;
