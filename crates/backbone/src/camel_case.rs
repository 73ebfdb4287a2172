/// A name as the reference writes the keys of a dictionary: capitals at the beginning become small, except the
/// last of several when a small letter follows (`docs/protocol/03 §1.2`).
pub(crate) fn camel_case(name: &str) -> String {
    let mut characters: Vec<char> = name.chars().collect();
    for index in 0..characters.len() {
        let is_capital = |at: usize| characters.get(at).is_none_or(|c| c.is_uppercase());
        if !is_capital(index) || (index > 0 && !is_capital(index + 1)) {
            break;
        }
        if let Some(character) = characters.get_mut(index) {
            *character = character.to_lowercase().next().unwrap_or(*character);
        }
    }
    characters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_small_letters() {
        for (name, expected) in [
            ("", ""),
            ("a", "a"),
            ("A", "a"),
            ("Feature", "feature"),
            ("feature", "feature"),
            ("URL", "url"),
            ("URLValue", "urlValue"),
            ("IPhone", "iPhone"),
            ("someURL", "someURL"),
            ("1A", "1A"),
            ("Äpfel", "äpfel"),
        ] {
            assert_eq!(camel_case(name), expected);
        }
    }
}
