-- the views that other systems read, and which papers were accepted (the journal keeps that they were)
DROP VIEW lintas_v1_papers;
DROP VIEW lintas_v1_tasks;
DROP VIEW lintas_v1_partners;
DROP VIEW lintas_v1_events;
DROP VIEW lintas_v1_messages;
DROP VIEW lintas_v1_documents;
DELETE FROM fsm_case WHERE machine = 'paper';
DROP TABLE paper;
