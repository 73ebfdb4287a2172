//! The words of render hints (`docs/protocol/04 §6.1`).

macro_rules! words {
    ($(#[$meta:meta])* $name:ident: $($word:ident)*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names are the words of the protocol")]
        pub enum $name { $($word),* }

        impl $name {
            /// The word as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word)),* }
            }
        }
    };
}

words! {
    /// The technical type of a value.
    TechnicalType: Boolean Float Integer Json Object String Unknown
}
words! {
    /// How a value is edited.
    EditType: InputLike ButtonLike RadioButtonLike SelectLike SliderLike Complex Secret TextArea Upload
}
words! {
    /// The meaning of a value.
    DataType: Country DataURL EMailAddress HEXColor Language PhoneNumber URL FileReference Date DatePeriod DateTime DateTimePeriod
        Time TimePeriod Day Month Year XML
}
