//! The part of a URL that operators see.

/// The placeholder for the name of the event.
const TRIGGER_PLACEHOLDER: &str = "{{trigger}}";
/// The replacement for the hidden part.
const CUT: &str = "…";
/// Longest word, in bytes.
const LONGEST_WORD: usize = 16;
/// Words in one segment.
const MOST_WORDS: usize = 4;
/// Words that announce a secret.
const TELLTALES: [&str; 7] = ["token", "secret", "key", "pass", "pwd", "auth", "sig"];

/// The path of a URL as far as it may be shown. Many services expect a secret in the path, so it ends at the first
/// segment that does not consist of plain words.
#[must_use]
pub fn shown_path(path: &str) -> String {
    let mut shown = String::new();
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            shown.push('/');
        }
        if !is_plain(segment) {
            shown.push_str(CUT);
            break;
        }
        shown.push_str(segment);
    }
    shown
}

fn is_plain(segment: &str) -> bool {
    let text = segment.replacen(TRIGGER_PLACEHOLDER, "", 1);
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = text.split(['-', '_', '.']).collect();
    words.len() <= MOST_WORDS
        && words.into_iter().all(is_word)
        && !TELLTALES.iter().any(|telltale| lower.contains(telltale))
}

/// `hooks`, `Hooks`, `hook2` or `v1`, but no other mixture of letters and digits: it is hardly a name.
fn is_word(word: &str) -> bool {
    let letters = word.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = word.len() - letters.len();
    let rest = letters.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or(letters);
    word.len() <= LONGEST_WORD
        && rest.bytes().all(|byte| byte.is_ascii_lowercase())
        && (digits == 0 || (digits <= 2 && (letters.len() >= 3 || letters == "v")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_are_shown_and_everything_else_is_cut() {
        for (path, shown) in [
            ("", ""),
            ("/", "/"),
            ("/hooks", "/hooks"),
            ("/api/v1/crm-events/{{trigger}}", "/api/v1/crm-events/{{trigger}}"),
            ("/on-{{trigger}}/tenant12/", "/on-{{trigger}}/tenant12/"),
            ("/services/T0123ABCD/B0123ABCD/x7Gh2kLm9", "/services/…"),
            ("/api/webhooks/1234567890/aBcDeF_gh", "/api/webhooks/…"),
            ("/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/send", "/…"),
            ("/webhook/0b46a5de-6b5c-4d1e-9c43-4a4a3c2f1e00", "/webhook/…"),
            ("/hooks/aGVsbG8gd29ybGQ", "/hooks/…"),
            ("/hooks/qwertyuiopasdfghj", "/hooks/…"),
            ("/hooks/SECRETWORD/x", "/hooks/…"),
            ("/hooks/my-secret/x", "/hooks/…"),
            ("/token/abc", "/…"),
            ("/a/a%20b/c", "/a/…"),
            ("/a;jsession=x/c", "/…"),
        ] {
            assert_eq!(shown_path(path), shown, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_token_of_a_usual_alphabet_is_shown(
            token in "[A-Za-z0-9_-]{20,40}|[0-9a-f]{17,64}|[A-Z2-7]{5,32}",
            before in "(/[a-z]{1,8}){0,3}",
            after in "(/[a-z]{0,8}){0,3}",
        ) {
            let shown = shown_path(&format!("{before}/{token}{after}"));
            prop_assert!(!shown.contains(&token), "{}", shown);
        }
    }
}
