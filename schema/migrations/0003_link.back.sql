DROP TABLE own_card;
DROP TABLE link_notice;
DROP TABLE link;
