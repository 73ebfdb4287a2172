-- Entries now tell of the documents that a range of entries does not find. All are made anew when a collection is registered.
DELETE FROM index_entry;
DELETE FROM document_index;
