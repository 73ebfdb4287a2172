//! Random texts from fixed alphabets (`docs/protocol/01 §2.8`).

use rand::CryptoRng;

/// `0` to `9`.
pub const DIGIT: &str = "0123456789";
/// `1` to `9`.
pub const DIGIT_EASE: &str = "123456789";
/// Hexadecimal digits, upper case.
pub const HEX: &str = "0123456789ABCDEF";
/// `a` to `z`.
pub const LOWER_CASE: &str = "abcdefghijklmnopqrstuvwxyz";
/// Lower-case letters without `l` and `o`, which are easily misread.
pub const LOWER_CASE_EASE: &str = "abcdefghijkmnpqrstuvwxyz";
/// `A` to `Z`.
pub const UPPER_CASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Upper-case letters without `I` and `O`.
pub const UPPER_CASE_EASE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
/// All letters.
pub const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// All letters and digits.
pub const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Letters and digits without `I`, `l`, `O`, `o` and `0`.
pub const ALPHANUMERIC_EASE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz123456789";
/// Upper-case letters without `I` and `O`, and all digits.
pub const ALPHANUMERIC_UPPER_CASE_EASE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
/// German umlauts.
pub const GERMAN_UMLAUT: &str = "ÄÖÜäöü";
/// The special characters of generated passwords; none of them separates parts of a reference.
pub const SPECIAL_CHARACTERS: &str = "!?-_.:,;#+";

/// Shortest strong password: one character of each of the four kinds, and as many more.
pub const MIN_STRONG_PASSWORD_LENGTH: usize = 8;

/// `length` characters of `alphabet`, each equally likely. An empty alphabet gives an empty text.
#[must_use]
pub fn string(rng: &mut (impl CryptoRng + ?Sized), length: usize, alphabet: &str) -> String {
    let characters: Vec<char> = alphabet.chars().collect();
    (0..length).filter_map(|_| pick(rng, &characters)).collect()
}

/// A number between `min` and `max`, both included; `min` if the bounds are reversed.
#[must_use]
pub fn between(rng: &mut (impl CryptoRng + ?Sized), min: usize, max: usize) -> usize {
    let span = max.saturating_sub(min).saturating_add(1);
    min.saturating_add(below(rng, span))
}

/// A password with at least one special character, lower-case letter, upper-case letter and digit, at random places.
/// Lengths below [`MIN_STRONG_PASSWORD_LENGTH`] are raised to it.
#[must_use]
pub fn strong_password(rng: &mut (impl CryptoRng + ?Sized), length: usize) -> String {
    let rest = length.max(MIN_STRONG_PASSWORD_LENGTH) - 4;
    let mut characters: Vec<char> = [SPECIAL_CHARACTERS, LOWER_CASE_EASE, UPPER_CASE_EASE, DIGIT_EASE]
        .iter()
        .flat_map(|alphabet| string(rng, 1, alphabet).chars().collect::<Vec<_>>())
        .collect();
    characters.extend(string(rng, rest, &format!("{ALPHANUMERIC_EASE}{SPECIAL_CHARACTERS}")).chars());
    shuffle(rng, &mut characters);
    characters.into_iter().collect()
}

/// The password of a new device: strong, 45 to 50 characters.
#[must_use]
pub fn device_password(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    let length = between(rng, 45, 50);
    strong_password(rng, length)
}

/// A UUID of version 4 in its usual form, such as `550e8400-e29b-41d4-a716-446655440000`.
pub fn uuid(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn pick(rng: &mut (impl CryptoRng + ?Sized), characters: &[char]) -> Option<char> {
    characters.get(below(rng, characters.len())).copied()
}

/// Fisher–Yates.
fn shuffle(rng: &mut (impl CryptoRng + ?Sized), characters: &mut [char]) {
    for last in (1..characters.len()).rev() {
        let other = below(rng, last + 1);
        characters.swap(last, other);
    }
}

/// A number below `bound`, each equally likely: draws outside the largest multiple of `bound` are discarded.
fn below(rng: &mut (impl CryptoRng + ?Sized), bound: usize) -> usize {
    let Some(bound) = u64::try_from(bound).ok().filter(|bound| *bound > 1) else {
        return 0;
    };
    let limit = u64::MAX - (u64::MAX % bound);
    loop {
        let draw = rng.next_u64();
        if draw < limit {
            return usize::try_from(draw % bound).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn strings_have_the_length_and_alphabet_asked_for() {
        let mut rng = crate::Randomness::system();
        let text = string(&mut rng, 4000, GERMAN_UMLAUT);
        assert_eq!(text.chars().count(), 4000);
        let seen: HashSet<char> = text.chars().collect();
        assert_eq!(seen, GERMAN_UMLAUT.chars().collect());
        assert_eq!(string(&mut rng, 5, ""), "");
        assert_eq!(string(&mut rng, 3, "x"), "xxx");
    }

    #[test]
    fn alphabets_leave_out_what_is_easily_misread() {
        assert!(!ALPHANUMERIC_EASE.contains(['I', 'l', 'O', 'o', '0']));
        assert_eq!(ALPHANUMERIC_EASE.len(), 62 - 5);
        assert!(!LOWER_CASE_EASE.contains(['l', 'o']));
        assert!(!UPPER_CASE_EASE.contains(['I', 'O']));
        assert_eq!(ALPHANUMERIC_UPPER_CASE_EASE.len(), 34);
    }

    #[test]
    fn device_passwords_are_strong_and_45_to_50_long() {
        let mut rng = crate::Randomness::system();
        let mut lengths = HashSet::new();
        for _ in 0..500 {
            let password = device_password(&mut rng);
            lengths.insert(password.len());
            for kind in [SPECIAL_CHARACTERS, LOWER_CASE_EASE, UPPER_CASE_EASE, DIGIT_EASE] {
                assert!(password.contains(|c| kind.contains(c)), "no {kind} in a password");
            }
            assert!(!password.contains(['&', '|']));
        }
        assert_eq!(lengths, (45..=50).collect());
    }

    #[test]
    fn short_strong_passwords_are_lengthened() {
        assert_eq!(strong_password(&mut crate::Randomness::system(), 3).len(), MIN_STRONG_PASSWORD_LENGTH);
    }
}
