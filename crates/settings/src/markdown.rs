//! Tables for the documentation.

use crate::{Entry, Kind, Preset, Section, Setting, Since};

const HEAD: &str = "| Key | Type | Default | Since | Meaning |\n|---|---|---|---|---|\n";

/// The settings of a section, one per line. Sections within it that have no documentation of their own are part of the
/// table.
#[must_use]
pub fn table(section: &Section) -> String {
    let mut lines = HEAD.to_owned();
    section.all().for_each(|setting| add(setting, "", &mut lines));
    lines
}

/// The sections that are known by name, one per line. `default` describes the value if they are missing.
#[must_use]
pub fn entries(entries: &[Entry], default: impl Fn(&str) -> String) -> String {
    let line = |entry: &Entry| {
        let keys: Vec<String> = entry.section.settings.iter().map(|setting| format!("`{}`", setting.key)).collect();
        let settings = if keys.is_empty() { "–".to_owned() } else { keys.join(", ") };
        format!("| `{}` | {} | {settings} | {} |\n", entry.key, default(entry.key), entry.documentation)
    };
    let head = "| Key | Enabled | Settings | Meaning |\n|---|---|---|---|\n".to_owned();
    head + &entries.iter().map(line).collect::<String>()
}

/// The document with `text` between the line `<!-- begin NAME -->` and the next `<!-- end -->`.
///
/// # Errors
/// A document without that place.
pub fn insert(document: &str, name: &str, text: &str) -> Result<String, String> {
    let begin = format!("<!-- begin {name} -->\n");
    let found = document.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once("<!-- end -->")?)));
    let (before, (_, after)) = found.ok_or_else(|| format!("there is no place for {name}: {begin}<!-- end -->"))?;
    Ok(format!("{before}{begin}{text}<!-- end -->{after}"))
}

fn add(setting: &Setting, prefix: &str, lines: &mut String) {
    if setting.removed.is_some() {
        return;
    }
    let key = format!("{prefix}{}", setting.key);
    match setting.kind {
        Kind::Section(section) if setting.documentation.is_empty() => {
            section.all().for_each(|setting| add(setting, &format!("{key}."), lines));
        }
        Kind::Members(members) if setting.documentation.is_empty() => {
            if let Kind::Section(section) = members.kind {
                let prefix = format!("{key}.<{}>.", members.name);
                section.all().for_each(|setting| add(setting, &prefix, lines));
            }
        }
        kind => {
            let secret = if setting.secret { ", secret" } else { "" };
            let (kind, default, since) = (name_of(&kind), default(setting), since(setting.since));
            let meaning = setting.documentation;
            lines.push_str(&format!("| `{key}` | {kind}{secret} | {default} | {since} | {meaning} |\n"));
        }
    }
}

fn default(setting: &Setting) -> String {
    match setting.preset {
        _ if setting.required.is_some() => "**required**".to_owned(),
        Preset::Json(json) => format!("`{json}`"),
        Preset::Words(words) => words.to_owned(),
        Preset::None | Preset::Members | Preset::Computed(_) => String::new(),
    }
}

fn since(since: Since) -> String {
    match since {
        Since::Always => String::new(),
        Since::Connector(version) => version.to_owned(),
        Since::Addition(version) => format!("here {version}"),
    }
}

fn name_of(kind: &Kind) -> String {
    match kind {
        Kind::Any => "any".to_owned(),
        Kind::Null => "`null`".to_owned(),
        Kind::Tolerated(kind) => name_of(kind),
        Kind::Text(_) => "text".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Number(0, u64::MAX) => "number".to_owned(),
        Kind::Number(least, u64::MAX) => format!("number from {least}"),
        Kind::Number(least, most) => format!("number {least}–{most}"),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Name(names) => names.what.to_owned(),
        Kind::Section(_) | Kind::Members(_) | Kind::Tagged(_) | Kind::Entries(_) => "object".to_owned(),
        Kind::List(item, _) => format!("list of {}", name_of(item)),
        Kind::OneOf(kinds) => kinds.iter().map(name_of).collect::<Vec<_>>().join(" or "),
    }
}
