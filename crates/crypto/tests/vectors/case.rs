use std::path::Path;

use crypto::{CryptoError, CryptoObject};
use serde_json::{Map, Value};

/// One case of a vector file. Members are removed one by one, so that none can stay unchecked.
pub(crate) struct Case {
    description: String,
    members: Map<String, Value>,
}

/// Runs `check` on every case of a file and prints their number.
pub(crate) fn for_each(file: &str, check: impl Fn(&mut Case)) {
    let Value::Object(mut document) = read(file) else { panic!("{file} is not an object") };
    let Some(Value::Array(cases)) = document.remove("cases") else { panic!("{file} has no cases") };
    document.remove("description").unwrap();
    document.remove("source").unwrap();
    assert!(document.is_empty(), "{file}: unchecked members {document:?}");
    assert!(!cases.is_empty());
    let count = cases.len();
    for (index, case) in cases.into_iter().enumerate() {
        let mut case = Case::new(format!("{file} case {index}"), case);
        check(&mut case);
        case.finish();
    }
    println!("vectors/{file}: {count} cases");
}

/// A whole vector file.
pub(crate) fn read(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Case {
    fn new(description: String, value: Value) -> Self {
        let Value::Object(members) = value else { panic!("{description} is not an object") };
        Self { description, members }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(crate) fn value(&mut self, name: &str) -> Value {
        self.members.remove(name).unwrap_or_else(|| panic!("{}: no member {name}", self.description))
    }

    pub(crate) fn text(&mut self, name: &str) -> String {
        match self.value(name) {
            Value::String(text) => text,
            other => panic!("{}: {name} is {other}", self.description),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> u64 {
        self.value(name).as_u64().unwrap()
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.value(name).as_bool().unwrap()
    }

    pub(crate) fn bytes(&mut self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap()
    }

    pub(crate) fn array<const N: usize>(&mut self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    /// A nested case, whose members must all be checked too.
    pub(crate) fn nested(&mut self, name: &str, check: impl FnOnce(&mut Case)) {
        let mut case = Self::new(format!("{}, {name}", self.description), self.value(name));
        check(&mut case);
        case.finish();
    }

    /// An array of nested cases.
    pub(crate) fn each(&mut self, name: &str, mut check: impl FnMut(&mut Case)) {
        let Value::Array(cases) = self.value(name) else { panic!("{}: {name} is not an array", self.description) };
        for (index, case) in cases.into_iter().enumerate() {
            let mut case = Self::new(format!("{}, {name} {index}", self.description), case);
            check(&mut case);
            case.finish();
        }
    }

    /// A member that only explains the case.
    pub(crate) fn note(&mut self, name: &str) {
        let _ = self.text(name);
    }

    pub(crate) fn expect_text(&mut self, name: &str, actual: &str) {
        assert_eq!(self.text(name), actual, "{}: {name}", self.description);
    }

    pub(crate) fn expect_bytes(&mut self, name: &str, actual: impl AsRef<[u8]>) {
        assert_eq!(self.text(name), hex::encode(actual), "{}: {name}", self.description);
    }

    pub(crate) fn expect_number(&mut self, name: &str, actual: u64) {
        assert_eq!(self.number(name), actual, "{}: {name}", self.description);
    }

    pub(crate) fn expect_code<T>(&mut self, name: &str, actual: Result<T, CryptoError>) {
        self.expect_text(name, actual.err().map_or("none", |error| error.code()));
    }

    /// The verbose JSON of `object`, byte for byte, and back.
    pub(crate) fn expect_verbose<T: CryptoObject>(&mut self, name: &str, object: &T) {
        let json = self.text(name);
        assert_eq!(json, object.to_verbose_json(), "{}: {name}", self.description);
        assert_eq!(T::from_json(&json).unwrap().to_verbose_json(), json);
        assert_eq!(serde_json::to_string(&object.verbose()).unwrap(), json);
    }

    /// The non-verbose JSON of `object`, byte for byte, and back.
    pub(crate) fn expect_nonverbose<T: CryptoObject>(&mut self, name: &str, object: &T) {
        let json = self.text(name);
        assert_eq!(json, object.to_json(), "{}: {name}", self.description);
        assert_eq!(T::from_json(&json).unwrap().to_json(), json);
    }

    /// base64url of the verbose JSON of `object`.
    pub(crate) fn expect_wire<T: CryptoObject>(&mut self, name: &str, object: &T) {
        self.expect_text(name, &crypto::encoding::base64url_encode(object.to_verbose_json()));
    }

    /// An object from its JSON, which must be byte-equal when written again.
    pub(crate) fn parse<T: CryptoObject>(&mut self, name: &str) -> T {
        let json = self.text(name);
        let object = T::from_json(&json).unwrap();
        assert_eq!(object.to_verbose_json(), json, "{}: {name}", self.description);
        object
    }

    fn finish(&self) {
        assert!(self.members.is_empty(), "{}: unchecked members {:?}", self.description, self.members);
    }
}
