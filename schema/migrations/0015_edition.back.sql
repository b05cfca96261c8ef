-- the editions of reference data, and what was found in their files
DELETE FROM counter WHERE name = 'edition-serial' OR name = 'edition-stage';
DROP TABLE edition_warning;
DROP TABLE edition;
