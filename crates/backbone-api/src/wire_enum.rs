/// Declares an enum that is written by name (PascalCase) and read from its name in any case or from
/// its number, which may also be a string (`docs/protocol/03 §1.4`).
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every value in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in its written form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// Reads a name in any case.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(name))
            }

            /// Reads a number.
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameOrNumber;
                impl serde::de::Visitor<'_> for NameOrNumber {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the name or number of a ", stringify!($name)))
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$name, E> {
                        $name::from_name(name)
                            .or_else(|| name.parse().ok().and_then($name::from_number))
                            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(name), &self))
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$name, E> {
                        $name::from_number(number)
                            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
                    }
                }
                deserializer.deserialize_any(NameOrNumber)
            }
        }
    };
}

pub(crate) use wire_enum;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::relationships::RelationshipStatus;
    use crate::sync_runs::SyncRunType;

    #[test]
    fn reads_names_in_any_case_and_numbers() {
        for json in ["\"ExternalEventSync\"", "\"externaleventsync\"", "0", "\"0\""] {
            assert_eq!(serde_json::from_str::<SyncRunType>(json).unwrap(), SyncRunType::ExternalEventSync);
        }
        assert_eq!(serde_json::from_str::<RelationshipStatus>("60").unwrap(), RelationshipStatus::DeletionProposed);
    }

    #[test]
    fn writes_pascal_case() {
        assert_eq!(serde_json::to_string(&RelationshipStatus::ReadyForDeletion).unwrap(), "\"ReadyForDeletion\"");
    }

    #[test]
    fn refuses_unknown_values() {
        for json in ["\"Other\"", "7", "-1", "null", "true"] {
            assert!(serde_json::from_str::<SyncRunType>(json).is_err(), "{json}");
        }
    }
}
