-- Tells the term an instance has raised itself, without learning of it, from the term of another instance.
ALTER TABLE lease ADD COLUMN holder TEXT NOT NULL DEFAULT '';
