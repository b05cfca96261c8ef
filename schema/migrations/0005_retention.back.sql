-- legal holds, what was archived, and what was deleted by rule (the journal keeps that it was)
DROP TABLE archive_volume;
DROP TABLE legal_hold;
DROP INDEX fsm_timer_case;
DROP INDEX message_kept;
ALTER TABLE message DROP COLUMN deleted_us;
ALTER TABLE message DROP COLUMN archived_us;
DELETE FROM counter WHERE name = 'retention';
