-- how the links with partners stand, what partners have announced, and which of our cards they have
DROP TABLE own_card;
DROP TABLE link_notice;
DROP TABLE link;
