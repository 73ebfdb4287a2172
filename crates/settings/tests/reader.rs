//! A small table, and everything that follows from it.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use settings::{
    Kind, Members, Names, Node, Otherwise, Path, Preset, Report, Section, Setting, Severity, Tagged, Unknown, Wrong,
    check, defaults, markdown, normalise, schema, shown,
};

const ROOT: Section = Section::new(&[
    Setting::new("name", Kind::text(short), "what it is called").required("write a name"),
    Setting::new("password", Kind::ANY_TEXT, "nobody's business").secret().since("2.0"),
    Setting::new("size", Kind::Number(1, 10), "how large it is").default("5").addition(),
    Setting::new("mode", Kind::Choice(&["fast", "careful"]), "how it works").default("\"fast\"").nullable(),
    Setting::new("inner", Kind::section(INNER), "").preset(Preset::Members),
    Setting::new("doors", Kind::Members(&DOORS), "its doors, by name"),
    Setting::new("guests", Kind::List(&Kind::Tagged(&GUEST), 1), "who comes"),
    Setting::new("bell", Kind::OneOf(&[Kind::Boolean, Kind::TEXT]), "whether it rings, or how"),
    Setting::new("events", Kind::List(&Kind::Name(&EVENT), 0), "what it tells"),
    Setting::new("loose", Kind::Tolerated(&Kind::section(INNER)), "what may be wrong"),
    Setting::removed("gate", "was removed in 2.0", "write doors instead"),
]);

const INNER: &[Setting] = &[Setting::new("depth", Kind::COUNT, "how deep").aliases(&["deepness"]).default("7")];

const DOORS: Members = Members { name: "door", rule: Some(short), kind: Kind::Boolean };

const GUEST: Tagged = Tagged {
    tag: "type",
    variants: &[
        ("person", Section::new(&[Setting::new("age", Kind::COUNT, "years").required("write how old")])),
        ("animal", Section::new(&[]).unknown(Unknown::Named)),
    ],
    otherwise: Otherwise::Named("nobody lets it in"),
};

const EVENT: Names = Names {
    what: "event",
    known: &["door.opened", "door.closed"],
    elsewhere: &["window.*"],
    separator: '.',
    covers: |pattern, name| pattern == name || pattern.strip_suffix('*').is_some_and(|front| name.starts_with(front)),
};

fn short(text: &str) -> Result<(), Wrong> {
    if text.len() < 10 { Ok(()) } else { Err(Wrong::new("is too long").fix("write less").code("error.long")) }
}

fn problems(value: &Value) -> Vec<(Severity, String)> {
    let report = Report::default();
    check(&Kind::Section(ROOT), &Node::new(Path::default(), value, &report));
    report.into_problems().into_iter().map(|problem| (problem.severity, problem.to_string())).collect()
}

#[test]
fn every_kind_says_what_it_wants() {
    use Severity::{Error, Warning};
    for (member, severity, text) in [
        (json!({"name": ""}), Error, "name is empty: write a name."),
        (json!({"name": 5}), Error, "name must be a text, but it is a number."),
        (json!({"name": "much too long"}), Error, "name is too long: write less. (error.long)"),
        (json!({"nam": "x"}), Error, "nam is not a known key: did you mean name?"),
        (
            json!({"other": "x"}),
            Error,
            "other is not a known key: known here are name, password, size, mode, inner, doors, guests, bell, events and loose.",
        ),
        (json!({"gate": {}}), Error, "gate was removed in 2.0: write doors instead."),
        (json!({"size": 11}), Error, "size must be a whole number from 1 to 10."),
        (json!({"size": 1.5}), Error, "size must be a whole number from 1 to 10."),
        (json!({"size": null}), Error, "size must be a whole number from 1 to 10, but it is null."),
        (json!({"mode": "Fast"}), Error, "mode must be fast or careful: did you mean fast?"),
        (json!({"mode": "slow"}), Error, "mode must be fast or careful."),
        (json!({"inner": []}), Error, "inner must be an object, but it is a list."),
        (json!({"inner": {"depht": 1}}), Error, "inner.depht is not a known key: did you mean depth?"),
        (json!({"doors": {"much too long": true}}), Error, "doors.much too long is too long: write less. (error.long)"),
        (json!({"doors": {"a.b": 1}}), Error, "doors.a.b must be true or false, but it is a number."),
        (json!({"guests": []}), Error, "guests must hold at least one item."),
        (json!({"guests": [{}]}), Error, "guests[0].type is missing: write one of person, animal."),
        (json!({"guests": [{"type": "person"}]}), Error, "guests[0].age is missing: write how old."),
        (json!({"guests": [{"type": 1}]}), Error, "guests[0].type must be a text, but it is a number."),
        (
            json!({"guests": [{"type": "Animal"}]}),
            Warning,
            "guests[0].type is none of person, animal: nobody lets it in: did you mean animal?",
        ),
        (
            json!({"guests": [{"type": "animal", "tpe": 1}]}),
            Warning,
            "guests[0].tpe is not a known key and has no effect: known here are none.",
        ),
        (json!({"bell": 1}), Error, "bell must be true or false or a text, but it is a number."),
        (
            json!({"events": ["door.opend"]}),
            Error,
            "events[0] means no event of this program: did you mean door.opened?",
        ),
        (
            json!({"events": ["door.painted.red"]}),
            Error,
            "events[0] means no event of this program: write the whole name; * stands for one part between dots, ** for any number.",
        ),
        (
            json!({"events": ["window.broken"]}),
            Warning,
            "events[0] means events that only the existing Connector has, and none of this program.",
        ),
        (json!({"events": ["acme.sold"]}), Warning, "events[0] means no event of this program."),
        (
            json!({"loose": {"depth": "x"}}),
            Warning,
            "loose.depth must be a whole number that is not negative, but it is a text.",
        ),
    ] {
        let mut value = json!({"name": "x"});
        value.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        assert_eq!(problems(&value), [(severity, text.to_owned())], "{value}");
    }
    assert_eq!(problems(&json!({})), [(Error, "name is missing: write a name.".to_owned())]);
    assert_eq!(problems(&json!([])).len(), 1);
}

#[test]
fn what_is_right_is_accepted() {
    let value = json!({
        "$schema": "x", "name": "x", "password": "", "size": 1e1, "mode": null, "inner": {"deepness": 1, "$schema": "x"},
        "doors": {"a": true}, "guests": [{"type": "person", "age": 5}], "bell": "loud", "events": ["door.*", "*"]
    });
    assert_eq!(problems(&value), []);
}

#[test]
fn a_part_can_be_read_by_itself() {
    let section = Section::new(INNER).code("error.inner");
    let read = |value: Value| settings::read("a.b", &section, &value, |node| node.number("depth"));
    assert_eq!(read(json!({"depth": 3})), Ok(3));
    assert_eq!(read(json!({"depth": "3"})).unwrap_err().to_string().lines().count(), 1);
    assert!(read(json!({"dept": 3})).unwrap_err().to_string().contains("did you mean depth? (error.inner)"));
}

#[test]
fn texts_and_numbers_are_brought_into_form() {
    let mut value =
        json!({"name": 5, "size": 5.0, "bell": 7, "guests": [{"type": "person", "age": 1e1}], "inner": {"depth": 2.5}});
    normalise(&Kind::Section(ROOT), &mut value, &|path| Some(format!("<{path}>")));
    let expected = json!({"name": "<name>", "size": 5, "bell": "<bell>", "guests": [{"type": "person", "age": 10}], "inner": {"depth": 2.5}});
    assert_eq!(value, expected);
}

#[test]
fn defaults_schema_and_documentation_follow() {
    assert_eq!(Value::Object(defaults(&ROOT)), json!({"size": 5, "mode": "fast", "inner": {"depth": 7}}));

    let schema = schema("A house", &ROOT);
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema.get("required"), None, "variables may complete it");
    let properties = &schema["properties"];
    assert_eq!(
        properties["size"],
        json!({"type": "integer", "minimum": 1, "maximum": 10, "description": "how large it is", "default": 5})
    );
    assert_eq!(properties["password"]["writeOnly"], true);
    assert_eq!(properties["guests"]["items"]["oneOf"][0]["required"], json!(["type", "age"]));
    assert_eq!(properties["inner"]["properties"]["deepness"], properties["inner"]["properties"]["depth"]);
    assert_eq!(properties.get("gate"), None);

    let table = markdown::table(&ROOT);
    for line in [
        "| `name` | text | **required** |  | what it is called |",
        "| `password` | text, secret |  | 2.0 | nobody's business |",
        "| `size` | number 1–10 | `5` | here 0.1 | how large it is |",
        "| `inner.depth` | number | `7` |  | how deep |",
    ] {
        assert!(table.lines().any(|found| found == line), "{line} in {table}");
    }
    let document = "a\n<!-- begin x -->\nold\n<!-- end -->\nb";
    assert_eq!(markdown::insert(document, "x", "new\n").unwrap(), "a\n<!-- begin x -->\nnew\n<!-- end -->\nb");
    assert!(markdown::insert(document, "y", "").is_err());
}

#[test]
fn only_what_the_table_knows_is_shown() {
    let value = json!({
        "name": "x", "password": "s1", "other": {"deep": "s2"}, "size": "s3", "gate": "s4", "doors": {"a": true, "b": ["s5"]},
        "guests": [{"type": "person", "age": 5, "x": "s6"}, {"type": "robot", "y": "s7"}], "bell": {"z": "s8"}
    });
    let shown = shown(&Kind::Section(ROOT), &value).into_value();
    assert_eq!(
        shown,
        json!({
            "name": "x", "password": "***", "other": {"deep": "***"}, "size": "***", "gate": "***", "doors": {"a": true, "b": ["***"]},
            "guests": [{"type": "person", "age": 5, "x": "***"}, {"type": "robot", "y": "***"}], "bell": {"z": "***"}
        })
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(secret|person|fast|.{0,4})".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = "(name|password|size|mode|inner|doors|guests|bell|events|loose|gate|type|age|depth|.{0,3})";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn anything_can_be_read(value in any_json()) {
        let mut value = value;
        normalise(&Kind::Section(ROOT), &mut value, &|_| None);
        for (_, text) in problems(&value) {
            prop_assert!(!text.is_empty());
        }
        prop_assert!(shown(&Kind::Section(ROOT), &value).into_value().get("password").is_none_or(|text| text == "***" || !text.is_string()));
    }
}
