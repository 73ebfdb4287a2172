//! Scopes: the permissions of a caller (`docs/protocol/06 §2.3`).
//!
//! A route names the scopes of which any one opens it, such as `core:messages`. A caller holds scope *patterns*: `*`
//! stands for one run of `[A-Za-z0-9_-]`, `**` for one or more segments of it joined by `:`. Everything else is
//! literal: unlike in the reference, no character of a pattern is ever interpreted as a regular expression.

/// The scopes used by routes.
pub(crate) const SCOPES: &[&str] = &[
    "core:account",
    "core:announcements",
    "core:attributes",
    "core:backboneNotifications",
    "core:challenges",
    "core:files",
    "core:messages",
    "core:relationshipTemplates",
    "core:relationships",
    "core:tokens",
    "debug:identityDeletionProcess",
    "delivery:deliveries",
    "delivery:events",
    "delivery:inbox",
    "delivery:replay",
    "delivery:targets",
    "monitoring:metrics",
    "monitoring:requests",
    "monitoring:support",
    "monitoring:version",
];

/// Those of the existing Connector that open nothing here (`docs/protocol/07 §2.8.5`).
pub(crate) const FOREIGN_SCOPES: &[&str] =
    &["core:identityMetadata", "core:requests", "core:requests:incoming", "core:requests:outgoing"];

/// Returns true if a pattern covers a scope.
pub(crate) fn covers(pattern: &str, scope: &str) -> bool {
    ScopePattern::parse(pattern).covers(scope)
}

/// One scope a caller holds, possibly with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScopePattern(Vec<Token>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// One or more characters of a segment.
    Segment,
    /// One or more segments, joined by colons.
    Segments,
}

impl ScopePattern {
    /// The pattern that opens everything.
    pub(crate) fn everything() -> Self {
        Self(vec![Token::Segments])
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            tokens.push(if character != '*' {
                Token::Literal(character)
            } else if characters.next_if_eq(&'*').is_some() {
                Token::Segments
            } else {
                Token::Segment
            });
        }
        Self(tokens)
    }

    /// Returns true if the pattern covers a scope that a route names.
    pub(crate) fn covers(&self, scope: &str) -> bool {
        let text: Vec<char> = scope.chars().collect();
        // ends[i]: the tokens so far can consume exactly the first i characters. Linear in both sizes per token, for
        // any pattern.
        let mut ends = vec![false; text.len() + 1];
        if let Some(first) = ends.first_mut() {
            *first = true;
        }
        for token in &self.0 {
            ends = advance(*token, &ends, &text);
        }
        ends.last().copied().unwrap_or(false)
    }
}

fn advance(token: Token, ends: &[bool], text: &[char]) -> Vec<bool> {
    let mut next = vec![false; ends.len()];
    let mut running = false;
    for (index, character) in text.iter().enumerate() {
        let can_start = ends.get(index).copied().unwrap_or(false);
        let consumed = match token {
            Token::Literal(literal) => can_start && *character == literal,
            Token::Segment => {
                running = (running || can_start) && is_segment_character(*character);
                running
            }
            Token::Segments => {
                running =
                    (running || can_start) && (is_segment_character(*character) || (running && *character == ':'));
                running && *character != ':'
            }
        };
        if let Some(end) = next.get_mut(index + 1) {
            *end = consumed;
        }
    }
    next
}

fn is_segment_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '-'
}

#[cfg(test)]
mod tests {
    use super::{SCOPES, covers};

    #[test]
    fn the_list_is_what_routes_name_and_what_is_documented() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let routes = std::fs::read_dir(folder.join("src/routes")).into_iter().flatten().flatten();
        let routes: String = routes.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        let named = routes.split("Guard(&[\"").skip(1).filter_map(|rest| rest.split('"').next());
        let listed: std::collections::BTreeSet<&str> = SCOPES.iter().copied().collect();
        assert_eq!(named.collect::<std::collections::BTreeSet<_>>(), listed);
        let documentation = std::fs::read_to_string(folder.join("../../docs/api-keys.md")).unwrap_or_default();
        let documented = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(documented.collect::<std::collections::BTreeSet<_>>(), listed);
    }

    #[test]
    fn the_documented_match_table_holds() {
        for (pattern, scope, expected) in [
            ("**", "core:messages", true),
            ("**", "core:requests:incoming", true),
            ("**", "monitoring:version", true),
            ("*", "core:messages", false),
            ("core:*", "core:messages", true),
            ("core:*", "core:requests", true),
            ("core:*", "core:requests:incoming", false),
            ("core:*", "monitoring:version", false),
            ("core:**", "core:requests:incoming", true),
            ("core:**", "core:messages", true),
            ("core:**", "monitoring:version", false),
            ("*:messages", "core:messages", true),
            ("core:mess*", "core:messages", true),
            ("core:messages*", "core:messages", false),
            ("**:incoming", "core:requests:incoming", true),
            ("core:requests:*", "core:requests:incoming", true),
            ("core:requests:*", "core:requests", false),
            ("core", "core:messages", false),
            ("core:messages", "core:messages", true),
            ("core:messages", "core:messages:x", false),
            ("Core:messages", "core:messages", false),
            ("", "core:messages", false),
        ] {
            assert_eq!(covers(pattern, scope), expected, "{pattern} on {scope}");
        }
    }

    #[test]
    fn no_character_is_a_regular_expression() {
        assert!(!covers("core.messages", "core:messages"));
        assert!(!covers("a(", "core:messages"));
        assert!(!covers("core:(messages|files)", "core:messages"));
        assert!(!covers(".+", "core:messages"));
    }

    #[test]
    fn many_wildcards_do_not_take_exponential_time() {
        let pattern = "*a".repeat(200);
        assert!(!covers(&pattern, &"a".repeat(300)));
    }
}
