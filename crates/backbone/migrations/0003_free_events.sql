-- Every synchronisation asks for the events that belong to no run; those that do become ever more.
CREATE INDEX external_events_free ON external_events (owner) WHERE sync_run IS NULL;
