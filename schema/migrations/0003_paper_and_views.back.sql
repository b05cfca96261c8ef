DROP VIEW lintas_v1_papers;
DROP VIEW lintas_v1_tasks;
DROP VIEW lintas_v1_partners;
DROP VIEW lintas_v1_events;
DROP VIEW lintas_v1_messages;
DROP VIEW lintas_v1_documents;
DELETE FROM fsm_case WHERE machine = 'paper';
DROP TABLE paper;
