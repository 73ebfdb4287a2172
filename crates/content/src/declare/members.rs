//! The kinds of members: each decides here on its entry in the description, on the type it is read as and on the type it is set with.

/// The entry in the description.
macro_rules! kind {
    ((text($text:expr))) => {
        $crate::kind::Kind::Text($text)
    };
    ((outcome)) => {
        $crate::kind::Kind::Text($crate::kind::Text::unlimited())
    };
    ((word($words:ident))) => {
        kind!((text($crate::kind::Text::formatted($crate::kind::Format::Enumeration($words::WORDS, None)))))
    };
    ((fixed_word($words:ident))) => {
        kind!((text($crate::kind::Text::formatted($crate::kind::Format::FixedEnumeration($words::WORDS)))))
    };
    ((number($number:expr))) => {
        $crate::kind::Kind::Number($number)
    };
    ((boolean)) => {
        $crate::kind::Kind::Boolean
    };
    ((scalar($union:expr))) => {
        $crate::kind::Kind::Union($union)
    };
    ((json($kind:expr))) => {
        $kind
    };
    ((metadata)) => {
        $crate::kind::Kind::Metadata
    };
    ((id)) => {
        $crate::kind::Kind::Id
    };
    ((address)) => {
        $crate::kind::Kind::Address
    };
    ((owner)) => {
        $crate::kind::Kind::Address
    };
    ((date)) => {
        $crate::kind::Kind::Date
    };
    ((file_reference)) => {
        $crate::kind::Kind::FileReference
    };
    ((key($key:ident))) => {
        $crate::kind::Kind::Key($crate::kind::Key::$key)
    };
    ((salt)) => {
        $crate::kind::Kind::Salt
    };
    ((child($type:ident))) => {
        $crate::kind::Kind::Child(<$type<'static>>::TYPE)
    };
    ((part($type:ident))) => {
        $crate::kind::Kind::Component(<$type<'static>>::TYPE)
    };
    ((calendar_part($type:ident))) => {
        $crate::kind::Kind::Component(<$type<'static>>::TYPE)
    };
    ((one_of($sum:ident))) => {
        $crate::kind::Kind::OneOf(<$sum<'static>>::CHOICE)
    };
    ((property_hints($type:ident))) => {
        $crate::kind::Kind::PropertyHints(<$type<'static>>::TYPE)
    };
    ((addresses($list:expr))) => {
        $crate::kind::Kind::List($list)
    };
    ((texts($list:expr))) => {
        $crate::kind::Kind::List($list)
    };
    ((children($base:expr, $rule:ident, $type:ident))) => {
        $crate::kind::Kind::List($crate::kind::List::$rule($crate::kind::Item::Child($base)))
    };
    ((entries($type:ident))) => {
        $crate::kind::Kind::List($crate::kind::List::some($crate::kind::Item::Any))
    };
    ((objects)) => {
        $crate::kind::Kind::List($crate::kind::List::of($crate::kind::Item::Any))
    };
}

/// A property of the description.
macro_rules! property {
    (required $json:literal $kind:tt) => {
        $crate::description::Property::required($json, kind!($kind))
    };
    ($need:ident $json:literal $kind:tt) => {
        $crate::description::Property::optional($json, kind!($kind))
    };
}

/// The type of the field that holds a member.
macro_rules! held {
    (optional $lt:lifetime $kind:tt) => { Option<held!(required $lt $kind)> };
    (defaulted $lt:lifetime $kind:tt) => { held!(required $lt $kind) };
    (required $lt:lifetime (outcome)) => { $crate::words::Outcome<$lt> };
    (required $lt:lifetime (word($words:ident))) => { $words };
    (required $lt:lifetime (fixed_word($words:ident))) => { $words };
    (required $lt:lifetime (number($number:expr))) => { f64 };
    (required $lt:lifetime (calendar_part($type:ident))) => { f64 };
    (required $lt:lifetime (boolean)) => { bool };
    (required $lt:lifetime (owner)) => { $crate::words::Owner<$lt> };
    (required $lt:lifetime (date)) => { core_types::Timestamp };
    (required $lt:lifetime (scalar($union:expr))) => { &$lt serde_json::Value };
    (required $lt:lifetime (json($json:expr))) => { &$lt serde_json::Value };
    (required $lt:lifetime (metadata)) => { &$lt serde_json::Value };
    (required $lt:lifetime (key($key:ident))) => { &$lt serde_json::Value };
    (required $lt:lifetime (property_hints($type:ident))) => { &$lt serde_json::Value };
    (required $lt:lifetime (child($type:ident))) => { Box<$type<$lt>> };
    (required $lt:lifetime (one_of($sum:ident))) => { Box<$sum<$lt>> };
    (required $lt:lifetime (addresses($list:expr))) => { Vec<&$lt str> };
    (required $lt:lifetime (texts($list:expr))) => { Vec<&$lt str> };
    (required $lt:lifetime (children($base:expr, $rule:ident, $type:ident))) => { Vec<$type<$lt>> };
    (required $lt:lifetime (entries($type:ident))) => { Vec<$type<$lt>> };
    (required $lt:lifetime (objects)) => { Vec<$crate::checked::ContentRef<$lt>> };
    (required $lt:lifetime (text($text:expr))) => { &$lt str };
    (required $lt:lifetime (part($type:ident))) => { &$lt str };
    (required $lt:lifetime (id)) => { &$lt str };
    (required $lt:lifetime (address)) => { &$lt str };
    (required $lt:lifetime (file_reference)) => { &$lt str };
    (required $lt:lifetime (salt)) => { &$lt str };
}

/// The type of the accessor of a member.
macro_rules! shown {
    (optional $lt:lifetime (child($type:ident))) => { Option<&$type<$lt>> };
    (optional $lt:lifetime (one_of($sum:ident))) => { Option<&$sum<$lt>> };
    ($need:ident $lt:lifetime (child($type:ident))) => { &$type<$lt> };
    ($need:ident $lt:lifetime (one_of($sum:ident))) => { &$sum<$lt> };
    ($need:ident $lt:lifetime (addresses($list:expr))) => { &[&$lt str] };
    ($need:ident $lt:lifetime (texts($list:expr))) => { &[&$lt str] };
    ($need:ident $lt:lifetime (children($base:expr, $rule:ident, $type:ident))) => { &[$type<$lt>] };
    ($need:ident $lt:lifetime (entries($type:ident))) => { &[$type<$lt>] };
    ($need:ident $lt:lifetime (objects)) => { &[$crate::checked::ContentRef<$lt>] };
    ($need:ident $lt:lifetime $kind:tt) => { held!($need $lt $kind) };
}

/// The result of the accessor of a member; an absent list is an empty one.
macro_rules! show {
    (optional (child($($type:tt)*)) $field:expr) => {
        $field.as_deref()
    };
    (optional (one_of($($sum:tt)*)) $field:expr) => {
        $field.as_deref()
    };
    (optional (addresses($($list:tt)*)) $field:expr) => {
        $field.as_deref().unwrap_or_default()
    };
    (optional (texts($($list:tt)*)) $field:expr) => {
        $field.as_deref().unwrap_or_default()
    };
    (optional (children($($list:tt)*)) $field:expr) => {
        $field.as_deref().unwrap_or_default()
    };
    (optional (objects) $field:expr) => {
        $field.as_deref().unwrap_or_default()
    };
    ($need:ident (child($($type:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident (one_of($($sum:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident (addresses($($list:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident (texts($($list:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident (children($($list:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident (entries($($list:tt)*)) $field:expr) => {
        &$field
    };
    ($need:ident $kind:tt $field:expr) => {
        $field
    };
}

/// Reads a member of an object.
macro_rules! read {
    (optional $found:expr) => {
        $crate::held::optional($found)?
    };
    ($need:ident $found:expr) => {
        $crate::held::Held::read($found?)?
    };
}

/// The type of the parameter that sets a member.
macro_rules! given {
    ((outcome)) => { $crate::words::Outcome<'_> };
    ((word($words:ident))) => { $words };
    ((fixed_word($words:ident))) => { $words };
    ((number($number:expr))) => { f64 };
    ((calendar_part($type:ident))) => { f64 };
    ((boolean)) => { bool };
    ((owner)) => { $crate::words::Owner<'_> };
    ((date)) => { core_types::Timestamp };
    ((scalar($union:expr))) => { impl Into<serde_json::Value> };
    ((json($json:expr))) => { impl Into<serde_json::Value> };
    ((metadata)) => { impl Into<serde_json::Value> };
    ((child($type:ident))) => { $crate::draft::Draft<impl $crate::draft::Fits<$type<'static>>> };
    ((one_of($sum:ident))) => { $crate::draft::Draft<impl $crate::draft::Fits<$sum<'static>>> };
    ((addresses($list:expr))) => { impl IntoIterator<Item = impl Into<String>> };
    ((texts($list:expr))) => { impl IntoIterator<Item = impl Into<String>> };
    ((children($base:expr, $rule:ident, $type:ident))) => {
        impl IntoIterator<Item = $crate::draft::Draft<impl $crate::draft::Fits<$type<'static>>>>
    };
    ((entries($type:ident))) => {
        impl IntoIterator<Item = $crate::draft::Draft<impl $crate::draft::Fits<$type<'static>>>>
    };
    ((objects)) => { impl IntoIterator<Item = serde_json::Value> };
    ((property_hints($type:ident))) => { impl Into<serde_json::Value> };
    ((text($text:expr))) => { impl Into<String> };
    ((part($type:ident))) => { impl Into<String> };
    ((id)) => { impl Into<String> };
    ((address)) => { impl Into<String> };
    ((file_reference)) => { impl Into<String> };
}

/// The JSON of what a member is set with.
macro_rules! written {
    ((date) $given:ident) => {
        serde_json::Value::from($given.to_string())
    };
    ((scalar($union:expr)) $given:ident) => {
        $given.into()
    };
    ((json($json:expr)) $given:ident) => {
        $given.into()
    };
    ((metadata) $given:ident) => {
        $given.into()
    };
    ((child($type:ident)) $given:ident) => {
        $given.into_json()
    };
    ((one_of($sum:ident)) $given:ident) => {
        $given.into_json()
    };
    ((addresses($list:expr)) $given:ident) => {
        $crate::draft::texts($given)
    };
    ((texts($list:expr)) $given:ident) => {
        $crate::draft::texts($given)
    };
    ((children($base:expr, $rule:ident, $type:ident)) $given:ident) => {
        $crate::draft::list($given)
    };
    ((entries($type:ident)) $given:ident) => {
        $crate::draft::list($given)
    };
    ((objects) $given:ident) => {
        $given.into_iter().collect()
    };
    ((outcome) $given:ident) => {
        serde_json::Value::from($given)
    };
    ((word($words:ident)) $given:ident) => {
        serde_json::Value::from($given)
    };
    ((fixed_word($words:ident)) $given:ident) => {
        serde_json::Value::from($given)
    };
    ((number($number:expr)) $given:ident) => {
        $crate::draft::number($given)
    };
    ((calendar_part($type:ident)) $given:ident) => {
        $crate::draft::number($given)
    };
    ((boolean) $given:ident) => {
        serde_json::Value::from($given)
    };
    ((owner) $given:ident) => {
        serde_json::Value::from($given)
    };
    ((property_hints($type:ident)) $given:ident) => {
        $given.into()
    };
    ((text($text:expr)) $given:ident) => {
        serde_json::Value::String($given.into())
    };
    ((part($type:ident)) $given:ident) => {
        serde_json::Value::String($given.into())
    };
    ((id) $given:ident) => {
        serde_json::Value::String($given.into())
    };
    ((address) $given:ident) => {
        serde_json::Value::String($given.into())
    };
    ((file_reference) $given:ident) => {
        serde_json::Value::String($given.into())
    };
}

/// The argument that sets a member again as it was read.
#[cfg(test)]
macro_rules! again {
    ((scalar($union:expr)) $found:expr) => {
        (*$found).clone()
    };
    ((json($json:expr)) $found:expr) => {
        (*$found).clone()
    };
    ((metadata) $found:expr) => {
        (*$found).clone()
    };
    ((property_hints($type:ident)) $found:expr) => {
        (*$found).clone()
    };
    ((child($type:ident)) $found:expr) => {
        $found.draft()
    };
    ((one_of($sum:ident)) $found:expr) => {
        $found.draft()
    };
    ((addresses($list:expr)) $found:expr) => {
        $found.iter().copied()
    };
    ((texts($list:expr)) $found:expr) => {
        $found.iter().copied()
    };
    ((children($base:expr, $rule:ident, $type:ident)) $found:expr) => {
        $found.iter().map(|item| item.draft())
    };
    ((entries($type:ident)) $found:expr) => {
        $found.iter().map(|item| item.draft())
    };
    ((objects) $found:expr) => {
        $found.iter().map(|item| item.value().clone())
    };
    ($copied:tt $found:expr) => {
        *$found
    };
}
