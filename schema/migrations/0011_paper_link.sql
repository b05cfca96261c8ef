-- How the link with the partner stood when a paper was accepted: one line for people. NULL: it was accepted before this was noted.
ALTER TABLE paper ADD COLUMN link TEXT;
