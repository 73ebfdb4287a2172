//! Random content of every declared type, made of the declarations. The same seed makes the same content.

use content::{
    Category, Choice, Format, Item, Key, Kind, List, ListRule, Numeric, Profile, Property, Reader, Text,
    TypeDescription, Union, Violation, registry,
};
use core_types::{Reference, Timestamp};
use crypto::{SecretKey, SignaturePrivateKey, SignaturePublicKey};
use serde_json::{Map, Value, json};

/// A small generator of numbers (SplitMix64), so that seeds mean the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn between(&mut self, min: usize, max: usize) -> usize {
        min + self.below(max - min + 1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Makes content by the rules of a profile.
pub(crate) struct Generator {
    pub(crate) random: Random,
    profile: Profile,
    reader: Reader,
}

const ADDRESSES: &[&str] =
    &["", "did:e:backbone.example:dids:8f0a3b1c2d4e5f60718293", "did:e:localhost:dids:1122334455667788990011"];
const IBANS: &[&str] = &[
    "DE89370400440532013000",
    "BE68539007547034",
    "NO9386011117947",
    "FR1420041010050500013M02606",
    "MT84MALT011000012345MTLCAST001S",
];

impl Generator {
    pub(crate) fn new(seed: u64, profile: Profile) -> Self {
        let reader = Reader::new(now()).with_profile(profile);
        Self { random: Random::new(seed), profile, reader }
    }

    /// The types that can be generated: those with a name of their own.
    pub(crate) fn types(profile: Profile) -> Vec<&'static TypeDescription> {
        registry::all().filter(|description| !description.is_abstract && description.is_known_to(profile)).collect()
    }

    /// Valid content of a type, in one of the forms in which it may be sent.
    pub(crate) fn content(&mut self, description: &'static TypeDescription) -> Value {
        self.typed(description, 3)
    }

    fn typed(&mut self, description: &'static TypeDescription, depth: usize) -> Value {
        let Value::Object(mut members) = self.object(description, depth) else { return Value::Null };
        members.shift_insert(0, "@type".to_owned(), json!(description.name));
        Value::Object(members)
    }

    /// The properties of a type; tried again while a rule across them is broken.
    fn object(&mut self, description: &'static TypeDescription, depth: usize) -> Value {
        if description.name == "ProposeAttributeRequestItem" {
            return self.proposal(description, depth);
        }
        loop {
            let members = Value::Object(self.members(description, depth));
            if description.rule.is_none() || self.keeps_rules(description, &members) {
                return members;
            }
        }
    }

    fn keeps_rules(&self, description: &TypeDescription, members: &Value) -> bool {
        match self.reader.read_as(description.name, members) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.violation, Violation::Rule, "{}: {error} in {members}", description.name);
                false
            }
        }
    }

    fn members(&mut self, description: &'static TypeDescription, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        let profile = self.profile;
        for property in description.properties.iter().filter(|property| property.is_known_to(profile)) {
            let is_needed = property.required && property.default.is_none();
            if !is_needed && (depth == 0 || self.random.one_in(2)) {
                continue;
            }
            let value = self.property(property, depth);
            members.insert(property.name.to_owned(), value);
        }
        if self.random.one_in(10) {
            members.insert("somethingUnknown".to_owned(), json!({"@type": "Unknown"}));
        }
        members
    }

    /// A proposal whose attribute has the value type its query asks for.
    fn proposal(&mut self, description: &'static TypeDescription, depth: usize) -> Value {
        let mut members = self.members(description, depth);
        let is_relationship = self.random.one_in(2);
        let name = if is_relationship { "RelationshipAttribute" } else { "IdentityAttribute" };
        let attribute = self.typed(registry::declared(name).unwrap(), depth);
        let value_type = attribute["value"]["@type"].clone();
        let query = if is_relationship {
            let mut query = self.typed(registry::declared("RelationshipAttributeQuery").unwrap(), depth);
            query["attributeCreationHints"]["valueType"] = value_type;
            query
        } else if self.random.one_in(2) {
            json!({"@type": "IQLQuery", "queryString": self.query(), "attributeCreationHints": {"valueType": value_type}})
        } else {
            json!({"@type": "IdentityAttributeQuery", "valueType": value_type})
        };
        members.insert("query".to_owned(), query);
        members.insert("attribute".to_owned(), attribute);
        Value::Object(members)
    }

    fn property(&mut self, property: &Property, depth: usize) -> Value {
        if !property.required && property.kind.keeps_null() && self.random.one_in(10) {
            return Value::Null;
        }
        match property.kind {
            Kind::Text(text) => Value::from(self.text(text)),
            Kind::Number(number) => self.number(number),
            Kind::Boolean => json!(self.random.one_in(2)),
            Kind::Union(union) => self.union(union),
            Kind::Json { .. } => loop {
                let value = self.json(2);
                if !value.is_null() {
                    return value;
                }
            },
            Kind::Metadata if self.random.one_in(2) => json!([self.json(2)]),
            Kind::Metadata => json!({"b": self.json(2), "a": self.json(1), "@type": "GivenName"}),
            Kind::Id => self.wrapped("id", &["", "REQabcdefghijklmnopq", "ATTabcdefghijklmnopq", "a\u{1f600}"]),
            Kind::Address => self.wrapped("address", ADDRESSES),
            Kind::Date => self.date(),
            Kind::FileReference => json!(file_reference()),
            Kind::Key(key) => key_value(key),
            Kind::Salt => json!("AAECAwQFBgcICQoLDA0ODw"),
            Kind::Child(name) => self.child(name, depth),
            Kind::Component(name) => self.component(name, depth),
            Kind::OneOf(choice) => self.one_of(choice, depth),
            Kind::List(list) => self.list(list, depth),
            Kind::PropertyHints(name) => self.property_hints(name, depth),
        }
    }

    fn text(&mut self, text: Text) -> String {
        let pick = |random: &mut Random, words: &[&str]| (*random.pick(words)).to_owned();
        match text.format {
            Format::Plain | Format::Xml | Format::FileReference => {
                let longest = text.max.unwrap_or(300);
                let length = match self.random.below(6) {
                    0 => text.min,
                    1 => longest,
                    _ => self.random.between(text.min, longest.min(text.min + 20)),
                };
                self.characters(length)
            }
            Format::EMailAddress => {
                let domain = self.domain();
                format!(
                    "{}@{domain}{}",
                    pick(&mut self.random, &["a", "first.last+tag", "!#$%&'*+/=?^_`{|}~-"]),
                    pick(&mut self.random, &[".de", ".müller"])
                )
            }
            Format::PhoneNumber => pick(&mut self.random, &["112", "+49 (0)6221 / 12-34 x5 #6*[7]", "0000000000"]),
            Format::Url => {
                let scheme = pick(&mut self.random, &["", "https://", "HTTP://", "x://", "www.", "https://www."]);
                let end = pick(&mut self.random, &["", "/", ":8080", "/a/b?c=d#e", "//"]);
                format!("{scheme}{}.de{end}", self.domain())
            }
            Format::HexColor => pick(&mut self.random, &["#fff", "#FFFFFF", "#1a2B3c"]),
            Format::SchemaUrl | Format::ConsentLink => pick(
                &mut self.random,
                &["http://a", "https://example.com/x_y.z~%?a=b&c#d", "www.example.com/x", "mailto:a@b", "abc:x"],
            ),
            Format::Country => pick(&mut self.random, content::code_lists::COUNTRIES),
            Format::Language => pick(&mut self.random, content::code_lists::LANGUAGES),
            Format::Enumeration(words, _) | Format::FixedEnumeration(words) => pick(&mut self.random, words),
            Format::Predicate => {
                pick(&mut self.random, &["hasAttribute", "relatesTo", "isRelatedTo", "z-", "z-own\u{1f600}"])
            }
            Format::ValueType(category) => {
                let names: Vec<&str> = registry::in_category(category, self.profile).map(|found| found.name).collect();
                pick(&mut self.random, &names)
            }
            Format::Iql => self.query(),
            Format::Iban => pick(&mut self.random, IBANS),
            Format::Bic => pick(&mut self.random, &["COBADEFF", "cobadeffxxx", "NEDSZAJJXXX"]),
            Format::PasswordType => pick(&mut self.random, &["pw", "pin4", "pin16"]),
        }
    }

    /// A text of exactly so many UTF-16 code units.
    fn characters(&mut self, length: usize) -> String {
        const CHARACTERS: &[char] =
            &['a', 'Z', '0', ' ', '"', '\\', '/', '\n', '\u{1}', 'ä', 'ß', '\u{2028}', '\u{fb00}', '\u{1f600}'];
        let mut text = String::new();
        let mut left = length;
        while left > 0 {
            let character = if left > 200 { 'x' } else { *self.random.pick(CHARACTERS) };
            if character.len_utf16() <= left {
                text.push(character);
                left -= character.len_utf16();
            }
        }
        text
    }

    fn domain(&mut self) -> String {
        const LABELS: &[&str] =
            &["a", "müller", "x-y", "1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
        let labels: Vec<&str> = (0..self.random.between(1, 3)).map(|_| *self.random.pick(LABELS)).collect();
        labels.join(".")
    }

    /// A query of the Identity Query Language.
    pub(crate) fn query(&mut self) -> String {
        const TERMS: &[&str] = &[
            "GivenName",
            "Surname?",
            "GivenName=Ann",
            "StreetAddress.city='Main Town'",
            "BirthDate.year>1989",
            "#x:work",
            "#'x:\\'a'",
            "owner='did:e:a'",
            "value.country?",
            "tags~x:work",
            "DisplayName<2022-01-15T00:00:00Z",
            "EMailAddress=",
            "note.list=a,b",
        ];
        let mut query = String::new();
        for index in 0..self.random.between(1, 4) {
            if index > 0 {
                let operator: &&str = self.random.pick(&[" && ", " || ", "  ||\t", " &&\r\n"]);
                query.push_str(operator);
            }
            let term = *self.random.pick(TERMS);
            query.push_str(&match self.random.below(4) {
                0 => format!("!{term}"),
                1 => format!("( {term} )"),
                _ => term.to_owned(),
            });
        }
        query
    }

    fn number(&mut self, number: Numeric) -> Value {
        match number.limits.or(number.range) {
            Some((min, max)) => {
                let steps: f64 = (max - min) + 1.0;
                let step = self.random.below(usize::try_from(steps.to_string().parse::<u64>().unwrap()).unwrap());
                json!(min + f64::from(u32::try_from(step).unwrap()))
            }
            None if number.integral => self
                .random
                .pick(&[json!(0), json!(-5), json!(9_007_199_254_740_991_i64), json!(1e21), json!(3.0)])
                .clone(),
            None => self
                .random
                .pick(&[json!(0), json!(-0.5), json!(1e-7), json!(1.797e308), json!(1e21), json!(42)])
                .clone(),
        }
    }

    fn union(&mut self, union: Union) -> Value {
        match self.random.below(4) {
            0 => json!(1.5),
            1 => json!(self.random.one_in(2)),
            2 if union == Union::Response => json!(["a", ""]),
            _ => json!(self.text(Text {
                min: usize::from(union == Union::Response),
                max: Some(100),
                format: Format::Plain
            })),
        }
    }

    /// Any JSON, not too large.
    pub(crate) fn json(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.random.one_in(2)),
            2 => json!(-1.5),
            3 => json!(self.random.below(1000)),
            4 => {
                let length = self.random.below(12);
                json!(self.characters(length))
            }
            5 => (0..self.random.below(3)).map(|_| self.json(depth - 1)).collect(),
            _ => {
                const NAMES: &[&str] = &["b", "a", "@type", "10", "2", "\u{1f600}", "value", "items"];
                (0..self.random.below(4))
                    .map(|_| ((*self.random.pick(NAMES)).to_owned(), self.json(depth - 1)))
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    fn wrapped(&mut self, member: &str, texts: &[&str]) -> Value {
        let text = *self.random.pick(texts);
        if self.random.one_in(4) { json!({member: text}) } else { json!(text) }
    }

    fn date(&mut self) -> Value {
        const DATES: &[&str] = &[
            "2024-02-29T12:00:00.123Z",
            "2024-02-29",
            "2024-W09-4",
            "2024-060",
            "20240229T120000Z",
            "2024-02-29T12:00:00.5+02:00",
            "2024-02",
        ];
        let date = *self.random.pick(DATES);
        if self.random.one_in(5) { json!({"date": date}) } else { json!(date) }
    }

    fn child(&mut self, name: &'static str, depth: usize) -> Value {
        let description = registry::declared(name).unwrap();
        match self.random.below(3) {
            0 => self.object(description, depth.saturating_sub(1)),
            1 => match self.subtype(name) {
                Some(subtype) => self.typed(subtype, depth.saturating_sub(1)),
                None => self.object(description, depth.saturating_sub(1)),
            },
            _ if description.is_abstract => self.object(description, depth.saturating_sub(1)),
            _ => self.typed(description, depth.saturating_sub(1)),
        }
    }

    fn component(&mut self, name: &'static str, depth: usize) -> Value {
        let value = self.child(name, depth);
        // A scalar cannot say that it is of a subtype, and need not.
        if self.random.one_in(2) { value["value"].clone() } else { value }
    }

    fn subtype(&mut self, base: &str) -> Option<&'static TypeDescription> {
        let subtypes: Vec<_> = Self::types(self.profile)
            .into_iter()
            .filter(|found| found.name != base && registry::is_a(found, base))
            .collect();
        if subtypes.is_empty() { None } else { Some(*self.random.pick(&subtypes)) }
    }

    fn one_of(&mut self, choice: Choice, depth: usize) -> Value {
        let types: Vec<&TypeDescription> = match choice {
            Choice::Types(names) => names.iter().map(|name| registry::declared(name).unwrap()).collect(),
            Choice::Category(category) => registry::in_category(category, self.profile).collect(),
        };
        let description = *self.random.pick(&types);
        self.typed(description, depth.saturating_sub(1))
    }

    fn list(&mut self, list: List, depth: usize) -> Value {
        if list.single && self.random.one_in(5) {
            return self.wrapped("address", ADDRESSES);
        }
        let min = usize::from(list.rule == ListRule::NotEmpty);
        let count = self.random.between(min, if depth == 0 { 1 } else { 3 });
        let items = (0..count).map(|index| match list.item {
            Item::Address => self.wrapped("address", ADDRESSES),
            Item::Text => json!(format!("x:{index}")),
            Item::Child("NotificationItem") => {
                let item = self.subtype("NotificationItem").unwrap();
                self.typed(item, depth.saturating_sub(1))
            }
            Item::Child(name) => self.child(name, depth),
            Item::Any if self.random.one_in(8) => json!({"own": self.json(1)}),
            Item::Any => {
                let types: Vec<_> = Self::types(self.profile)
                    .into_iter()
                    .filter(|found| {
                        matches!(found.category, Category::RequestItem | Category::ResponseItem | Category::Attribute)
                    })
                    .collect();
                let item = *self.random.pick(&types);
                self.typed(item, depth.saturating_sub(1))
            }
        });
        items.collect()
    }

    fn property_hints(&mut self, name: &'static str, depth: usize) -> Value {
        let description = registry::declared(name).unwrap();
        let names = ["b", "a", "7"];
        let count = if depth == 0 { 0 } else { self.random.below(3) };
        names
            .iter()
            .take(count)
            .map(|name| ((*name).to_owned(), self.object(description, depth - 1)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// The content with one member or item somewhere replaced, removed or added, so that it is most likely wrong.
    pub(crate) fn spoilt(&mut self, content: &Value) -> Value {
        let mut content = content.clone();
        let mut target = &mut content;
        loop {
            let goes_deeper = self.random.one_in(2);
            let count = match target {
                Value::Object(members) => members.len(),
                Value::Array(items) => items.len(),
                _ => 0,
            };
            if count == 0 {
                *target = self.json(1);
                return content;
            }
            let index = self.random.below(count);
            let name = target.as_object().and_then(|members| members.keys().nth(index).cloned());
            if !goes_deeper {
                let replacement = self.json(2);
                match (target, name, self.random.below(4)) {
                    (Value::Object(members), Some(name), 0) => {
                        members.shift_remove(&name);
                    }
                    (Value::Object(members), Some(name), 1) => {
                        let long = members.get(&name).and_then(Value::as_str).map(|text| text.repeat(200));
                        members.insert(name, long.map_or(replacement, Value::from));
                    }
                    (Value::Object(members), Some(name), _) => {
                        members.insert(name, replacement);
                    }
                    (Value::Array(items), _, 0) => {
                        items.clear();
                    }
                    (Value::Array(items), _, _) => items[index] = replacement,
                    _ => {}
                }
                return content;
            }
            target = match name {
                Some(name) => &mut target[name.as_str()],
                None => &mut target[index],
            };
        }
    }
}

/// The time generated content is read at.
pub(crate) fn now() -> Timestamp {
    "2026-08-01".parse().unwrap()
}

fn file_reference() -> String {
    let key = SecretKey::from_bytes([7; 32]);
    Reference::new("FILabcdefghijklmnopq", key).to_truncated()
}

fn key_value(key: Key) -> Value {
    let written = match key {
        Key::Secret => serde_json::to_value(SecretKey::from_bytes([7; 32])),
        Key::SignaturePrivate => serde_json::to_value(SignaturePrivateKey::from_bytes([7; 64])),
        Key::SignaturePublic => serde_json::to_value(SignaturePublicKey::from_bytes([7; 32])),
    };
    written.unwrap()
}
