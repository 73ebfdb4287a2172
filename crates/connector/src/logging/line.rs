//! One log line, in the two layouts of `docs/protocol/07 §6.6`.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The fields under which events carry a correlation id.
const CORRELATION_ID: [&str; 2] = ["correlation_id", "correlation.id"];

/// The layout of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For log collectors: `@t` time, `@mt` message, `@l` level, `correlationId`, then the fields of the event.
    Json,
}

/// Writes events as lines.
#[derive(Debug)]
pub(super) struct Line {
    format: Format,
}

impl Line {
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut content = Content::default();
        event.record(&mut content);
        let record = Record {
            time: jiff::Timestamp::now(),
            level: event.metadata().level(),
            target: event.metadata().target(),
            correlation_id: transport::correlation::current().or_else(|| content.take_correlation_id()),
            content,
        };
        match self.format {
            Format::Text => record.write_text(&mut writer),
            Format::Json => writeln!(writer, "{}", record.json()),
        }
    }
}

/// Everything shown in a line.
struct Record<'a> {
    time: jiff::Timestamp,
    level: &'a Level,
    target: &'a str,
    correlation_id: Option<String>,
    content: Content,
}

impl Record<'_> {
    fn write_text(&self, writer: &mut Writer<'_>) -> fmt::Result {
        const RESET: &str = "\u{1b}[0m";
        let (colour, reset) = if writer.has_ansi_escapes() { (colour(self.level), RESET) } else { ("", "") };
        write!(writer, "{colour}[{:.3}] [{}] {}{reset} - ", self.time, self.level, self.target)?;
        write_on_one_line(writer, &self.content.message)?;
        for (name, value) in &self.content.fields {
            write!(writer, " {name}=")?;
            match value {
                Value::String(text) => write_on_one_line(writer, text)?,
                other => write!(writer, "{other}")?,
            }
        }
        if let Some(id) = &self.correlation_id {
            writer.write_char(' ')?;
            write_on_one_line(writer, id)?;
        }
        writeln!(writer)
    }

    fn json(self) -> Value {
        let mut line = Map::new();
        line.insert("@t".to_owned(), Value::from(format!("{:.3}", self.time)));
        line.insert("@mt".to_owned(), Value::from(self.content.message));
        line.insert("@l".to_owned(), Value::from(self.level.as_str()));
        if let Some(id) = self.correlation_id {
            line.insert("correlationId".to_owned(), Value::from(id));
        }
        line.insert("logger".to_owned(), Value::from(self.target));
        for (name, value) in self.content.fields {
            line.entry(name).or_insert(value);
        }
        Value::Object(line)
    }
}

/// Part of a line may come from outside; it must not be able to start a new line.
fn write_on_one_line(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\u{1b}' => write!(writer, "{}", character.escape_default())?,
            other => writer.write_char(other)?,
        }
    }
    Ok(())
}

fn colour(level: &Level) -> &'static str {
    match *level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}

/// The content of an event.
#[derive(Debug, Default)]
struct Content {
    message: String,
    fields: Vec<(String, Value)>,
}

impl Content {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.fields.push((name.to_owned(), value)),
        }
    }
}

impl Content {
    /// The id of the originating request, which may have ended long ago, so that only the event remembers it.
    fn take_correlation_id(&mut self) -> Option<String> {
        let place = self.fields.iter().position(|(name, _)| CORRELATION_ID.contains(&name.as_str()))?;
        match self.fields.remove(place).1 {
            Value::String(id) => Some(id),
            _ => None,
        }
    }
}

impl Visit for Content {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tracing::Level;
    use tracing_subscriber::fmt::format::Writer;

    use super::{Content, Record};

    fn record() -> Record<'static> {
        Record {
            time: jiff::Timestamp::UNIX_EPOCH,
            level: &Level::INFO,
            target: "rest_api",
            correlation_id: Some("c1\nforged".to_owned()),
            content: Content {
                message: "GET /health".to_owned(),
                fields: vec![("status".to_owned(), json!(200)), ("@l".to_owned(), json!("FORGED"))],
            },
        }
    }

    #[test]
    fn an_event_that_remembers_its_request_is_found_under_its_id() {
        let fields = vec![("correlation_id".to_owned(), json!("c2")), ("event.id".to_owned(), json!("e"))];
        let mut content = Content { message: "delivered".to_owned(), fields };
        let correlation_id = content.take_correlation_id();
        assert_eq!(content.take_correlation_id(), None);
        let line = Record { correlation_id, content, ..record() }.json();
        assert_eq!((&line["correlationId"], &line["event.id"]), (&json!("c2"), &json!("e")));
        assert!(line.get("correlation_id").is_none());
    }

    #[test]
    fn text_stays_on_one_line() {
        let mut text = String::new();
        assert_eq!(record().write_text(&mut Writer::new(&mut text)), Ok(()));
        assert_eq!(text, "[1970-01-01T00:00:00.000Z] [INFO] rest_api - GET /health status=200 @l=FORGED c1\\nforged\n");
    }

    #[test]
    fn json_has_the_members_collectors_know() {
        let line = record().json();
        assert_eq!(line["@t"], "1970-01-01T00:00:00.000Z");
        assert_eq!(line["@mt"], "GET /health");
        assert_eq!(line["@l"], "INFO");
        assert_eq!(line["correlationId"], "c1\nforged");
        assert_eq!(line["status"], 200);
        assert_eq!(line.as_object().map(serde_json::Map::len), Some(6));
        assert!(!line.to_string().contains('\n'));
        assert!(matches!(line, Value::Object(_)));
    }
}
