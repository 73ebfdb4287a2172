//! Declaring types: from one entry in a table follow the [`TypeDescription`](crate::TypeDescription) the reader interprets, the struct
//! to look at checked content with, the constructor and the variant of the enum of its category.
//!
//! An entry of `types!` is a summary, the variant, the type, and its members in the order in which they are checked:
//!
//! ```text
//! "Asks for an attribute." ReadAttribute = ReadAttributeRequestItem {
//!     query "query": required(one_of(Query));
//! }
//! ```
//!
//! A member is `required`, `optional`, or `defaulted`: written even if it was not given. What its kind (`text`, `id`, `one_of` …)
//! stands for is in the module `members`.

#[macro_use]
mod members;

/// The struct of a type, its description and its accessors.
macro_rules! content_type {
    (
        $category:ident $summary:literal $type:ident [$($name:literal)?]
        { $(
            $(#[$doc:meta])*
            $member:ident $json:literal: $need:ident $kind:tt $(.$modifier:ident($($argument:expr),*))*
            $(, before $twin:literal $(.$twin_modifier:ident($($twin_argument:expr),*))*)?;
        )* }
        [$($result:literal)?]
        [$(.$type_modifier:ident($($type_argument:expr),*))*]
    ) => {
        #[doc = $summary]
        #[derive(Clone)]
        pub struct $type<'c> {
            checked: $crate::checked::ObjectRef<'c>,
            $($member: held!($need 'c $kind),)*
        }

        impl<'c> $type<'c> {
            /// The `@type`.
            pub const TYPE: &'static str = content_type!(@name $type $($name)?);

            /// The accessors, with the members they are for.
            #[cfg(test)]
            pub(crate) const ACCESSORS: &'static [(&'static str, &'static str)] = &[$((stringify!($member), $json)),*];

            pub(crate) const DESCRIPTION: &'static $crate::description::TypeDescription =
                &$crate::description::TypeDescription::new(
                    Self::TYPE,
                    $crate::description::Category::$category,
                    $summary,
                    &[
                        $(
                            $(property!($need $twin $kind).twin_of($json)$(.$twin_modifier($($twin_argument),*))*,)?
                            property!($need $json $kind)$(.twin_of($twin))?$(.$modifier($($argument),*))*,
                        )*
                        $(outcome!(property $result),)?
                    ],
                )$(.$type_modifier($($type_argument),*))*;

            /// The content as this type, if it is one.
            #[must_use]
            pub fn of(content: impl Into<$crate::checked::ContentRef<'c>>) -> Option<Self> {
                let object = content.into().typed().filter(|object| object.type_name() == Self::TYPE)?;
                $crate::held::Held::read(object.value())
            }

            /// The object behind it.
            #[must_use]
            pub const fn object(&self) -> $crate::checked::ObjectRef<'c> {
                self.checked
            }

            /// A draft of the same, to be changed or to stand in other content.
            #[must_use]
            pub fn draft(&self) -> $crate::draft::Draft<$type<'static>> {
                $crate::draft::Draft::like(self.checked)
            }

            $(
                $(#[$doc])*
                #[doc = concat!("`", $json, "`.")]
                #[must_use]
                pub fn $member(&self) -> shown!($need 'c $kind) {
                    show!($need $kind self.$member)
                }
            )*

            $(outcome!(accessor $result);)?
        }

        impl<'c> $crate::held::Held<'c> for $type<'c> {
            fn read(json: &'c serde_json::Value) -> Option<Self> {
                let checked = $crate::checked::ObjectRef::checked(Self::DESCRIPTION, json)?;
                Some(Self {
                    $($member: read!($need checked.get($json)$(.or_else(|| checked.get($twin)))?),)*
                    checked,
                })
            }
        }

        /// Prints the type only, like all content.
        impl std::fmt::Debug for $type<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(Self::TYPE)
            }
        }

        impl $crate::draft::Fits<$type<'static>> for $type<'static> {}
    };
    (@name $type:ident $name:literal) => { $name };
    (@name $type:ident) => { stringify!($type) };
}

/// The member `result`, which says what the type says already.
macro_rules! outcome {
    (property $result:literal) => { property!(required "result" (outcome)) };
    (again $this:ident $result:literal) => { serde_json::Value::from($this.result()) };
    (accessor $result:literal) => {
        /// `result`. Peers can write any word here; the type is what counts.
        #[must_use]
        pub fn result(&self) -> $crate::words::Outcome<'c> {
            self.checked.text("result").unwrap_or($result).into()
        }
    };
}

/// Constructors of a type: a function that takes the members that are needed, and one that sets each member.
macro_rules! constructor {
    (
        $type:ident
        { $(
            $(#[$doc:meta])*
            $member:ident $json:literal: $need:ident $kind:tt $(.$modifier:ident($($argument:expr),*))*
            $(, before $twin:literal $(.$twin_modifier:ident($($twin_argument:expr),*))*)?;
        )* }
        [$($result:literal)?]
    ) => {
        new!($type [$($result)?] [] $([$need $member $json $kind])*);

        impl $crate::draft::Draft<$type<'static>> {
            $(
                $(#[$doc])*
                #[doc = concat!("Sets `", $json, "`.")]
                #[must_use]
                pub fn $member(self, $member: given!($kind)) -> Self {
                    let value: serde_json::Value = written!($kind $member);
                    self.with(&[$json $(, $twin)?], value)
                }
            )*
        }

        #[cfg(test)]
        impl $type<'_> {
            /// The same, set member by member.
            pub(crate) fn again(&self) -> $crate::draft::Draft<$type<'static>> {
                let draft = $crate::draft::Draft::<$type<'static>>::empty(Self::DESCRIPTION)
                    $(.with(&["result"], outcome!(again self $result)))?;
                $(let draft = constructor!(@again $need $kind draft $member self.$member);)*
                draft
            }
        }
    };
    (@again optional $kind:tt $draft:ident $member:ident $found:expr) => {
        match &$found {
            Some(found) => $draft.$member(again!($kind found)),
            None => $draft,
        }
    };
    (@again $need:ident $kind:tt $draft:ident $member:ident $found:expr) => {
        $draft.$member(again!($kind &$found))
    };
}

/// Takes the needed members out of all members, and makes parameters of them.
macro_rules! new {
    ($type:ident $result:tt [$($needed:tt)*] [required $member:ident $json:literal $kind:tt] $($more:tt)*) => {
        new!($type $result [$($needed)* [$member $json $kind]] $($more)*);
    };
    ($type:ident $result:tt $needed:tt [$need:ident $member:ident $json:literal $kind:tt] $($more:tt)*) => {
        new!($type $result $needed $($more)*);
    };
    ($type:ident [$($result:literal)?] [$([$member:ident $json:literal $kind:tt])*]) => {
        impl $type<'static> {
            /// A draft with the members that are needed.
            #[must_use]
            pub fn new($($member: given!($kind)),*) -> $crate::draft::Draft<Self> {
                $crate::draft::Draft::empty(Self::DESCRIPTION)
                    $(.with(&[$json], written!($kind $member)))*
                    $(.with(&["result"], serde_json::Value::from($result)))?
            }
        }
    };
}

/// The enum of types that may stand in the same place.
macro_rules! sum {
    ($(#[$meta:meta])* $sum:ident [$choice:expr] { $($summary:literal $variant:ident $type:ident;)+ }) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub enum $sum<'c> {
            $(#[doc = $summary] $variant($type<'c>),)+
        }

        impl<'c> $sum<'c> {
            /// The names of its types.
            pub const TYPES: &'static [&'static str] = &[$(<$type<'static>>::TYPE),+];

            /// The declaration of a position that takes any of them.
            pub const CHOICE: $crate::kind::Choice = $choice;

            /// The content as one of these types, if it is one.
            #[must_use]
            pub fn of(content: impl Into<$crate::checked::ContentRef<'c>>) -> Option<Self> {
                let object = content.into().typed()?;
                Self::named(object.type_name(), object.value())
            }

            fn named(name: &str, json: &'c serde_json::Value) -> Option<Self> {
                $(if name == <$type<'static>>::TYPE {
                    return $crate::held::Held::read(json).map(Self::$variant);
                })+
                None
            }

            /// The object behind it.
            #[must_use]
            pub const fn object(&self) -> $crate::checked::ObjectRef<'c> {
                match self { $(Self::$variant(found) => found.object(),)+ }
            }

            /// The `@type`.
            #[must_use]
            pub const fn type_name(&self) -> &'static str {
                self.object().type_name()
            }

            /// A draft of the same, to be changed or to stand in other content.
            #[must_use]
            pub fn draft(&self) -> $crate::draft::Draft<$sum<'static>> {
                $crate::draft::Draft::like(self.object())
            }
        }

        impl<'c> $crate::held::Held<'c> for $sum<'c> {
            fn read(json: &'c serde_json::Value) -> Option<Self> {
                // An item without type is one of the type all of them extend.
                let name = json.get("@type").map_or(Some(stringify!($sum)), serde_json::Value::as_str)?;
                Self::named(name, json)
            }
        }

        /// Prints the type only, like all content.
        impl std::fmt::Debug for $sum<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.type_name())
            }
        }

        impl $crate::draft::Fits<$sum<'static>> for $sum<'static> {}
        $(impl $crate::draft::Fits<$sum<'static>> for $type<'static> {})+
    };
}

/// Accessors of an enum for the members all of its types have, and what sets them in a draft.
macro_rules! common {
    ($mode:ident $sum:ident $variants:tt {}) => {};
    (sent $sum:ident $variants:tt { $(
        $(#[$doc:meta])*
        $member:ident $json:literal: $need:ident $kind:tt $(.$modifier:ident($($argument:expr),*))*;
    )* }) => {
        impl<'c> $sum<'c> {
            $(common!(@accessor $variants $(#[$doc])* $member $json $need $kind);)*
        }

        impl $crate::draft::Draft<$sum<'static>> {
            $(
                $(#[$doc])*
                #[doc = concat!("Sets `", $json, "`.")]
                #[must_use]
                pub fn $member(self, $member: given!($kind)) -> Self {
                    self.with(&[$json], written!($kind $member))
                }
            )*
        }
    };
    (@accessor [$($variant:ident)+] $(#[$doc:meta])* $member:ident $json:literal $need:ident $kind:tt) => {
        $(#[$doc])*
        #[doc = concat!("`", $json, "`.")]
        #[must_use]
        pub fn $member(&self) -> shown!($need 'c $kind) {
            match self { $(Self::$variant(found) => found.$member(),)+ }
        }
    };
}

/// The types of a category, which is an enum.
macro_rules! types {
    (
        $(#[$meta:meta])*
        $sum:ident, $mode:ident;
        common { $($common:tt)* }
        $(
            $summary:literal
            $variant:ident = $type:ident $(as $name:literal)? { $($own:tt)* } $(results $result:literal)?
            $(.$modifier:ident($($argument:expr),*))*;
        )+
    ) => {
        types!(@each $mode $sum { $($common)* } $(
            [$summary $type [$($name)?] { $($own)* } [$($result)?] [$(.$modifier($($argument),*))*]]
        )+);
        sum! {
            $(#[$meta])*
            $sum [$crate::kind::Choice::Category($crate::description::Category::$sum)] { $($summary $variant $type;)+ }
        }
        common! { $mode $sum [$($variant)+] { $($common)* } }

        #[cfg(test)]
        impl $sum<'_> {
            /// The accessors of each type, with the members they are for.
            pub(crate) const ACCESSORS: &'static [&'static [(&'static str, &'static str)]] =
                &[$(<$type<'static>>::ACCESSORS),+];
        }
        types!(@again $mode $sum $($variant)+);

        /// The table of these types.
        pub(in crate::types) static TABLE: &[&$crate::description::TypeDescription] = &[$(<$type<'static>>::DESCRIPTION),+];
    };
    (@each $mode:ident $sum:ident $common:tt $($entry:tt)+) => {
        $(types!(@one $mode $sum $common $entry);)+
    };
    (@one $mode:ident $sum:ident { $($common:tt)* }
        [$summary:literal $type:ident [$($name:literal)?] { $($own:tt)* } $result:tt $modifiers:tt]
    ) => {
        content_type! { $sum $summary $type [$($name)?] { $($own)* $($common)* } $result $modifiers }
        types!(@$mode $type { $($own)* $($common)* } $result);
    };
    (@sent $type:ident $members:tt $result:tt) => { constructor! { $type $members $result } };
    (@received $type:ident $members:tt $result:tt) => {};
    (@again sent $sum:ident $($variant:ident)+) => {
        #[cfg(test)]
        impl $sum<'_> {
            /// The same, set member by member.
            pub(crate) fn again(&self) -> $crate::draft::Draft<$sum<'static>> {
                match self { $(Self::$variant(found) => found.again().widen(),)+ }
            }
        }
    };
    (@again received $sum:ident $($variant:ident)+) => {};
}

/// Some types of a category, where not all of them may stand.
macro_rules! subset {
    ($(#[$meta:meta])* $sum:ident of $category:ident { $($summary:literal $variant:ident = $type:ident;)+ }) => {
        sum! {
            $(#[$meta])*
            $sum [$crate::kind::Choice::Types(Self::TYPES)] { $($summary $variant $type;)+ }
        }

        impl<'c> From<$sum<'c>> for $category<'c> {
            fn from(some: $sum<'c>) -> Self {
                match some { $($sum::$variant(found) => Self::$variant(found),)+ }
            }
        }
    };
}
