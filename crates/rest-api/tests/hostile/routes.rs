//! The documented routes, with an acceptable body for each.

use serde_json::{Map, Value, json};

use crate::world::Ids;

/// One documented operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: String,
    /// With parameters in braces.
    pub(crate) pattern: String,
    /// Name of the schema of its JSON body.
    body: Option<String>,
    pub(crate) takes_form: bool,
    /// Names of its query parameters.
    pub(crate) filters: Vec<String>,
}

pub(crate) fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (pattern, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let content = &operation["requestBody"]["content"];
            let schema = content["application/json"]["schema"]["$ref"].as_str();
            let filters = operation["parameters"].as_array().into_iter().flatten();
            let filters = filters.filter(|parameter| parameter["in"] == "query");
            operations.push(Operation {
                method: method.to_uppercase(),
                pattern: pattern.clone(),
                body: schema.map(|schema| schema.trim_start_matches("#/components/schemas/").to_owned()),
                takes_form: content.get("multipart/form-data").is_some(),
                filters: filters.map(|filter| filter["name"].as_str().unwrap().to_owned()).collect(),
            });
        }
    }
    assert!(operations.len() > 40, "{} operations", operations.len());
    operations
}

fn document() -> Value {
    rest_api::openapi()
}

impl Operation {
    pub(crate) fn has_parameters(&self) -> bool {
        self.pattern.contains('{')
    }

    /// The path with this text for each parameter.
    pub(crate) fn path_with(&self, parameter: &str) -> String {
        let parts = self.pattern.split('/').map(|part| if part.starts_with('{') { parameter } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    /// A path that names an existing object if a body is needed too, otherwise a missing one: so that bodies are
    /// checked, and nothing is changed by accident.
    pub(crate) fn path(&self, ids: &Ids) -> String {
        if self.body.is_none() {
            return self.path_with("AAA00000000000000000");
        }
        let is_file = self.pattern.contains("/Files/");
        self.path_with(if is_file { &ids.file } else { &ids.template })
    }

    /// A JSON body of the right form.
    pub(crate) fn body(&self, ids: &Ids) -> Option<Value> {
        let document = document();
        let schema = &document["components"]["schemas"][self.body.as_deref()?];
        let is_template = self.pattern.contains("RelationshipTemplates");
        Some(example(&document, schema, ids, is_template))
    }
}

fn example(document: &Value, schema: &Value, ids: &Ids, is_template: bool) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => &document["components"]["schemas"][reference.trim_start_matches("#/components/schemas/")],
        None => schema,
    };
    let mut members = Map::new();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let value = match name.as_str() {
            "content" if is_template => json!({"@type": "ArbitraryRelationshipTemplateContent", "value": 1}),
            "content" => json!({"@type": "ArbitraryMessageContent", "value": 1}),
            "creationContent" => json!({"@type": "ArbitraryRelationshipCreationContent", "value": 1}),
            "expiresAt" => json!("2098-01-01"),
            "recipients" => json!([ids.peer]),
            "attachments" => json!([ids.file]),
            "templateId" => json!(ids.peer_template),
            "reference" => json!(ids.file_reference),
            "challengeType" => json!("Relationship"),
            "relationship" => json!(ids.relationship),
            "forIdentity" => json!(ids.peer),
            "challengeString" => json!("{\"id\":\"CHLx\"}"),
            "signature" => json!("eyJzaWciOiJBQSIsImFsZyI6Mn0"),
            "maxNumberOfAllocations" => json!(1),
            "password" => json!("1234"),
            "passwordLocationIndicator" => json!(50),
            _ if member.get("$ref").is_some() => example(document, member, ids, is_template),
            _ => match member["type"].as_str() {
                Some("boolean") => json!(true),
                Some("number" | "integer") => json!(1),
                Some("array") => json!([]),
                Some("object") => json!({}),
                _ => json!("x"),
            },
        };
        members.insert(name.clone(), value);
    }
    Value::Object(members)
}
