use core_types::{Reference, ReferenceKind};
use crypto::{CryptoObject, SecretKey, Signature, SignaturePublicKey};
use protocol::ProtocolError;
use protocol::file::{FileProperties, open_file_content, open_file_metadata, seal_file};

use crate::script::Script;
use crate::support::{account_a, cases, device_key, hex, object, text, wire};

#[test]
fn uploaded_files() {
    let device_key = device_key(&account_a());
    for case in cases("files.json") {
        match text(&case, "name") {
            "small text" | "binary 300 bytes, minimal metadata" | "with filemodified" => {}
            "empty file" => {
                assert_eq!(text(&case, "result"), "accepted");
                let sealed =
                    seal_file(&mut core_types::Randomness::system(), &[], FileProperties::default(), &device_key)
                        .unwrap();
                let metadata = open_file_metadata(&sealed.encrypted_properties, &sealed.metadata_key).unwrap().value;
                assert_eq!(metadata.filesize, 0);
                let content = open_file_content(
                    &sealed.content,
                    &sealed.cipher_hash,
                    &metadata.secret_key,
                    &metadata.plaintext_hash,
                );
                assert_eq!(content, Ok(Vec::new()));
                continue;
            }
            other => panic!("unknown kind of case: {other}"),
        }
        let plaintext = hex(&case, "plaintext_hex");
        let metadata_key: SecretKey = object(&case, "metadata_key_json");
        let content_key: SecretKey = object(&case, "content_key_json");
        let uploaded = text(&case, "uploaded_content_utf8").as_bytes();
        let form = &case["form_fields"];
        let (cipher_hash, plaintext_hash) =
            (text(&case, "cipher_hash_base64url"), text(&case, "plaintext_hash_base64url"));

        let properties = wire(form, "encryptedProperties");
        let metadata = open_file_metadata(&properties, &metadata_key).unwrap().value;
        assert_eq!(metadata.to_verbose_json().unwrap(), text(&case, "metadata_plain_utf8"));
        assert_eq!(metadata.secret_key, content_key);
        assert_eq!(metadata.plaintext_hash, plaintext_hash);
        assert_eq!(metadata.filesize, plaintext.len() as u64);
        assert_eq!(open_file_content(uploaded, cipher_hash, &content_key, plaintext_hash).unwrap(), plaintext);
        assert_eq!(uploaded.len() as u64, case["uploaded_content_length"].as_u64().unwrap());

        let mut script = Script::default()
            .then(content_key.as_bytes())
            .then_nonce_of(uploaded)
            .then(metadata_key.as_bytes())
            .then_nonce_of(&properties);
        let same_properties = FileProperties {
            description: metadata.description.clone(),
            filemodified: metadata.filemodified,
            filename: metadata.filename.clone(),
            mimetype: metadata.mimetype.clone(),
            tags: metadata.tags.clone(),
            title: metadata.title.clone(),
        };
        let sealed = seal_file(&mut script, &plaintext, same_properties, &device_key).unwrap();
        script.assert_used_up();
        assert_eq!(sealed.content, uploaded);
        assert_eq!(sealed.cipher_hash, text(form, "cipherHash"));
        assert_eq!(sealed.encrypted_properties, properties);
        assert_eq!(sealed.metadata, metadata);
        assert_eq!(sealed.owner_signature_wire(), wire(form, "ownerSignature"));

        let signature: Signature = object(&case, "owner_signature_decoded_utf8");
        let public_key: SignaturePublicKey = object(&case, "device_public_key_json");
        assert_eq!(signature, sealed.owner_signature);
        assert_eq!(text(&case, "owner_signature_signed_bytes"), "the 64 raw bytes of SHA-512(plaintext)");
        assert!(public_key.verify(&crypto::hash::sha512(&plaintext), &signature).unwrap());

        assert_eq!(
            open_file_content(uploaded, plaintext_hash, &content_key, plaintext_hash),
            Err(ProtocolError::CipherMismatch)
        );
        assert_eq!(
            open_file_content(uploaded, cipher_hash, &content_key, cipher_hash),
            Err(ProtocolError::PlaintextHashMismatch)
        );
        assert!(matches!(open_file_metadata(&properties, &content_key), Err(ProtocolError::Crypto(_))));
        assert_eq!(signature.to_verbose_json(), text(&case, "owner_signature_decoded_utf8"));

        let reference =
            Reference::parse_kind(ReferenceKind::File, text(&case, "reference_truncated_base64url")).unwrap();
        assert_eq!((reference.id.as_str(), reference.key), (text(&case, "file_id"), metadata_key));
    }
}
