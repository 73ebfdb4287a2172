//! The steps of the enmeshed protocol (wrap, sign, seal, open, derive) as pure functions without network or disk
