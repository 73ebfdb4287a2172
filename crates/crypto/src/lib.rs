//! libsodium-compatible primitives and the serialized forms of keys, ciphers and signatures
