//! One Identity's protocol agent: keys, relationships, templates, tokens, files, messages and synchronisation
