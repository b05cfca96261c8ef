-- books of the nomenclature, their notes and correlation, and the national versions: they are imported anew
DROP TABLE nomenclature_record;
DROP TABLE nomenclature_version;
