//! Identifiers, addresses, timestamps, references, password protection; clock and randomness as parameters
