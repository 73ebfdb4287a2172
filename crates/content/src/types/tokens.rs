//! Contents of tokens (`docs/protocol/04 §10`, `docs/protocol/02 §7.14`). They are put together where the keys are.

/// Contents of tokens.
pub(crate) mod content {
    use super::part::{DeviceSharedSecret, SharedPasswordProtection};
    use crate::kind::Text;
    use crate::types::CREDENTIAL;

    types! {
        /// The content of a token.
        TokenContent, received;
        common {}

        "Onboards a device."
        DeviceSharedSecret = TokenContentDeviceSharedSecret { shared_secret "sharedSecret": required(child(DeviceSharedSecret)); };

        "Gives a file."
        File = TokenContentFile {
            file_id "fileId": required(id);
            secret_key "secretKey": required(key(Secret));
        };

        "Gives a relationship template."
        RelationshipTemplate = TokenContentRelationshipTemplate {
            template_id "templateId": required(id);
            secret_key "secretKey": required(key(Secret));
            for_identity "forIdentity": optional(address);
            password_protection "passwordProtection": optional(child(SharedPasswordProtection));
        };

        "Presents credentials."
        VerifiablePresentation = TokenContentVerifiablePresentation {
            value "value": required(json(CREDENTIAL));
            /// The claim format.
            credential_type "type": optional(text(Text::unlimited()));
            display_information "displayInformation": optional(objects);
        }.since(7, 5, 0);
    }
}

/// Parts of them.
pub(crate) mod part {
    use crate::description::DefaultValue;
    use crate::kind::{Format, Numeric, Text};

    types! {
        /// A part of the content of a token.
        TokenPart, received;
        common {}

        "What a new device needs to join its Identity."
        DeviceSharedSecret = DeviceSharedSecret {
            id "id": required(id);
            created_at "createdAt": required(date);
            created_by_device "createdByDevice": required(id);
            name "name": optional(text(Text::unlimited()));
            description "description": optional(text(Text::unlimited()));
            profile_name "profileName": optional(text(Text::unlimited()));
            secret_base_key "secretBaseKey": required(key(Secret));
            synchronization_key "synchronizationKey": required(key(Secret));
            device_index "deviceIndex": required(number(Numeric::ANY));
            identity_private_key "identityPrivateKey": optional(key(SignaturePrivate));
            identity "identity": required(child(Identity));
            username "username": required(text(Text::unlimited()));
            password "password": required(text(Text::unlimited()));
            is_backup_device "isBackupDevice": required(boolean).default(DefaultValue::False);
        };

        "An Identity with its public key."
        Identity = Identity {
            address "address": required(address);
            public_key "publicKey": required(key(SignaturePublic));
        };

        "How an object is protected by a password."
        SharedPasswordProtection = SharedPasswordProtection {
            password_type "passwordType": required(text(Text::formatted(Format::PasswordType)));
            salt "salt": required(salt);
            password_location_indicator "passwordLocationIndicator": optional(number(Numeric::ranged(0.0, 99.0)));
            password "password": optional(text(Text::unlimited())).until(7, 1, 0);
        }.nameless();
    }
}
