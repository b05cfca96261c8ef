-- what was found in received documents (their bytes stay, and can be checked again), why messages were refused and papers closed in words
DROP INDEX fsm_case_in_state;
UPDATE fsm_case SET state = 'submitted' WHERE state = 'abandoned' AND EXISTS (SELECT 1 FROM document
	WHERE document.id = fsm_case.id AND document.machine = fsm_case.machine AND document.direction = 'out');
DROP INDEX paper_reference;
ALTER TABLE paper DROP COLUMN closed_because;
ALTER TABLE refusal DROP COLUMN text;
DROP VIEW lintas_v1_findings;
DROP TABLE document_finding;
