use core_types::{DeviceId, Timestamp};
use crypto::{CryptoObject, SecretKey, SignaturePublicKey};
use protocol::secrets::{SecretContainer, SecretContent, names};

use crate::support::{HOSTNAME, cases, device_key, identity, identity_key, object, text};

#[test]
fn key_material_of_accounts() {
    for case in cases("accounts.json") {
        let identity = identity(&case);
        assert_eq!(identity.to_verbose_json().unwrap(), text(&case, "identity_json"));
        assert_eq!(identity.address, text(&case, "address"));
        assert_eq!(core_types::identity_address::compute(&identity.public_key, HOSTNAME), identity.address);
        identity.check_address().unwrap();
        assert_eq!(identity_key(&case).public_key().unwrap(), identity.public_key);

        let device_public_key: SignaturePublicKey = object(&case, "device_public_key_json");
        assert_eq!(device_public_key.to_verbose_json(), text(&case, "device_public_key_json"));
        assert_eq!(device_key(&case).public_key().unwrap(), device_public_key);

        let base_key: SecretKey = object(&case["secrets"], "device_base_key_info");
        let mut seen = 0;
        for (name, json) in case["secrets"].as_object().unwrap() {
            let json = json.as_str().unwrap();
            let content = SecretContent::from_json(json).unwrap();
            assert_eq!(*content.to_verbose_json().unwrap(), json);
            let now = Timestamp::from_millis(1);
            let container =
                SecretContainer::seal_device(&mut core_types::Randomness::system(), now, &base_key, name, &content)
                    .unwrap();
            assert_eq!(container.open_device(&base_key).unwrap(), content);
            match name.as_str() {
                names::IDENTITY_SIGNATURE | names::DEVICE_SIGNATURE => {
                    content.into_signature_private_key().unwrap();
                }
                names::IDENTITY_SYNCHRONIZATION_MASTER | names::SHARED_BASE_KEY | "device_base_key_info" => {
                    content.into_secret_key().unwrap();
                }
                names::DEVICE_CREDENTIALS => {
                    let credentials = content.into_device_credentials().unwrap();
                    assert_eq!(credentials.id, DeviceId::from(text(&case, "device_id")));
                    assert!((45..=50).contains(&credentials.password.len()));
                }
                other => panic!("unknown secret: {other}"),
            }
            seen += 1;
        }
        assert_eq!(seen, 6);
    }
}
