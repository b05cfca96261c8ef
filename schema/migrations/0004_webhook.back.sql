-- the webhooks, and what was told by them
DROP TABLE webhook_delivery;
DROP TABLE webhook;
