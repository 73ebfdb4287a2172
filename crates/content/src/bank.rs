//! Bank account numbers and bank codes, as strict as the peers are (`docs/protocol/04 §5.5`).

use crate::code_lists;

/// Countries with bank account numbers, and the structure of what follows country and check digits: counts of `n` digits,
/// `a` upper-case letters, `c` either.
#[rustfmt::skip]
const STRUCTURES: &[(&str, &str)] = &[
    ("AD", "8n 12c"), ("AE", "19n"), ("AL", "8n 16c"), ("AO", "21n"), ("AT", "16n"), ("AX", "14n"), ("AZ", "4a 20c"),
    ("BA", "16n"), ("BE", "12n"), ("BF", "2c 22n"), ("BG", "4a 6n 8c"), ("BH", "4a 14c"), ("BI", "23n"), ("BJ", "2c 22n"),
    ("BL", "10n 11c 2n"), ("BR", "23n 1a 1c"), ("BY", "4a 4n 16c"), ("CF", "23n"), ("CG", "23n"), ("CH", "5n 12c"),
    ("CI", "1a 23n"), ("CM", "23n"), ("CR", "18n"), ("CV", "21n"), ("CY", "8n 16c"), ("CZ", "20n"), ("DE", "18n"),
    ("DJ", "23n"), ("DK", "14n"), ("DO", "4a 20n"), ("DZ", "22n"), ("EE", "16n"), ("EG", "25n"), ("ES", "20n"),
    ("FI", "14n"), ("FK", "2a 12n"), ("FO", "14n"), ("FR", "10n 11c 2n"), ("GA", "23n"), ("GB", "4a 14n"), ("GE", "2c 16n"),
    ("GF", "10n 11c 2n"), ("GI", "4a 15c"), ("GL", "14n"), ("GP", "10n 11c 2n"), ("GQ", "23n"), ("GR", "7n 16c"),
    ("GT", "24c"), ("GW", "2a 19n"), ("HN", "4a 20n"), ("HR", "17n"), ("HU", "24n"), ("IE", "4c 14n"), ("IL", "19n"),
    ("IQ", "4a 15n"), ("IR", "22n"), ("IS", "22n"), ("IT", "1a 10n 12c"), ("JO", "4a 4n 18c"), ("KM", "23n"), ("KW", "4a 22c"),
    ("KZ", "3n 13c"), ("LB", "4n 20c"), ("LC", "4a 24c"), ("LI", "5n 12c"), ("LT", "16n"), ("LU", "3n 13c"), ("LV", "4a 13c"),
    ("LY", "21n"), ("MA", "24n"), ("MC", "10n 11c 2n"), ("MD", "20c"), ("ME", "18n"), ("MF", "10n 11c 2n"), ("MG", "23n"),
    ("MK", "3n 10c 2n"), ("ML", "2c 22n"), ("MN", "16n"), ("MQ", "10n 11c 2n"), ("MR", "23n"), ("MT", "4a 5n 18c"),
    ("MU", "4a 19n 3a"), ("MZ", "21n"), ("NC", "10n 11c 2n"), ("NE", "2a 22n"), ("NI", "4a 20n"), ("NL", "4a 10n"),
    ("NO", "11n"), ("OM", "3n 16c"), ("PF", "10n 11c 2n"), ("PK", "4c 16n"), ("PL", "24n"), ("PM", "10n 11c 2n"),
    ("PS", "4c 21n"), ("PT", "21n"), ("QA", "4a 21c"), ("RE", "10n 11c 2n"), ("RO", "4a 16c"), ("RS", "18n"), ("RU", "14n 15c"),
    ("SA", "2n 18c"), ("SC", "4a 20n 3a"), ("SD", "14n"), ("SE", "20n"), ("SI", "15n"), ("SK", "20n"), ("SM", "1a 10n 12c"),
    ("SN", "2a 22n"), ("SO", "19n"), ("ST", "21n"), ("SV", "4a 20n"), ("TD", "23n"), ("TF", "10n 11c 2n"), ("TG", "2a 22n"),
    ("TL", "19n"), ("TN", "20n"), ("TR", "5n 17c"), ("UA", "6n 19c"), ("VA", "18n"), ("VG", "4c 16n"), ("WF", "10n 11c 2n"),
    ("XK", "16n"), ("YE", "4a 4n 18c"), ("YT", "10n 11c 2n"),
];

/// Returns whether the text is an International Bank Account Number: upper case, no blanks, known country with the length and
/// structure of its numbers, right check digits, and right national check digits where the peers look at them.
#[must_use]
pub fn is_iban(text: &str) -> bool {
    let (Some(country), Some(check), Some(account)) = (text.get(..2), text.get(2..4), text.get(4..)) else {
        return false;
    };
    let Some((_, structure)) = STRUCTURES.iter().find(|(code, _)| *code == country) else { return false };
    check.bytes().all(|byte| byte.is_ascii_digit())
        && fits(account.as_bytes(), structure)
        && check.parse().is_ok_and(|digits: u32| 98 - remainder_of_97(&format!("{account}{country}00")) == digits)
        && national_check(country, account)
}

/// Returns whether the text is a Business Identifier Code of a known country, in either case.
#[must_use]
pub fn is_bic(text: &str) -> bool {
    let country = text.get(4..6).map(str::to_ascii_uppercase).unwrap_or_default();
    matches!(text.len(), 8 | 11)
        && text.bytes().enumerate().all(|(at, byte)| {
            if at < 6 { byte.is_ascii_alphabetic() } else { byte.is_ascii_alphanumeric() }
        })
        // Kosovo has no official country code, but banks.
        && (code_lists::is_country(&country) || country == "XK")
}

fn fits(text: &[u8], structure: &str) -> bool {
    let mut rest = text;
    for part in structure.split(' ') {
        let Some((count, class)) = part.split_at_checked(part.len() - 1) else { return false };
        let Some((head, tail)) = count.parse().ok().and_then(|count: usize| rest.split_at_checked(count)) else {
            return false;
        };
        let allowed = |byte: &u8| match class {
            "n" => byte.is_ascii_digit(),
            "a" => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        };
        if !head.iter().all(allowed) {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

/// The number a text of digits and upper-case letters (A = 10 … Z = 35) stands for, modulo 97.
fn remainder_of_97(text: &str) -> u32 {
    text.bytes().fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => rest,
    })
}

/// Digits of the account from one position to before another.
fn digits(account: &str, from: usize, to: usize) -> Vec<u32> {
    account.get(from..to).unwrap_or_default().chars().filter_map(|digit| digit.to_digit(10)).collect()
}

fn digit(account: &str, at: usize) -> Option<u32> {
    digits(account, at, at + 1).first().copied()
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn national_check(country: &str, account: &str) -> bool {
    match country {
        "BA" | "ME" | "PT" | "RS" | "SI" => remainder_of_97(account) == 1,
        "MK" => macedonian_remainder(account) == Some(1),
        "BE" => {
            let rest = remainder_of_97(account.get(..10).unwrap_or_default());
            let expected = if rest == 0 { 97 } else { rest };
            account.get(10..).and_then(|check| check.parse().ok()) == Some(expected)
        }
        "CZ" | "SK" => {
            complement_of_11(account, 4..9, &[10, 5, 8, 4, 2, 1], 9)
                && complement_of_11(account, 10..19, &[6, 3, 7, 9, 10, 5, 8, 4, 2, 1], 19)
        }
        "EE" => complement_of_10(account, 2..15, &[7, 1, 3], 15),
        "ES" => {
            complement_of_11(account, 0..8, &[4, 8, 5, 10, 9, 7, 3, 6], 8)
                && complement_of_11(account, 10..20, &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6], 9)
        }
        "FR" | "MC" => remainder_of_97(&french_digits(account)) == 0,
        "HR" => iso_7064_mod_11_10(account, 0..6, 6) && iso_7064_mod_11_10(account, 7..16, 16),
        "HU" => {
            const WEIGHTS: &[u32] = &[9, 7, 3, 1];
            let account_end = if account.ends_with("00000000") { 15 } else { 23 };
            complement_of_10(account, 0..7, WEIGHTS, 7)
                && complement_of_10(account, 8..account_end, WEIGHTS, account_end)
        }
        "NO" => {
            let rest = weighted(&digits(account, 0, 10), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            digit(account, 10) == Some(if rest == 0 { 0 } else { 11 - rest })
        }
        "PL" => complement_of_10(account, 0..7, &[3, 9, 7, 1], 7),
        _ => true,
    }
}

/// The check digit fills the weighted sum (weights repeat) up to a multiple of ten.
fn complement_of_10(account: &str, checked: std::ops::Range<usize>, weights: &[u32], check: usize) -> bool {
    let checked = digits(account, checked.start, checked.end);
    let repeated: Vec<u32> = weights.iter().copied().cycle().take(checked.len()).collect();
    let rest = weighted(&checked, &repeated) % 10;
    digit(account, check) == Some(if rest == 0 { 0 } else { 10 - rest })
}

/// The check digit fills the weighted sum up to a multiple of eleven; a remainder of one gives one.
fn complement_of_11(account: &str, checked: std::ops::Range<usize>, weights: &[u32], check: usize) -> bool {
    let rest = weighted(&digits(account, checked.start, checked.end), weights) % 11;
    digit(account, check) == Some(if rest <= 1 { rest } else { 11 - rest })
}

fn iso_7064_mod_11_10(account: &str, checked: std::ops::Range<usize>, check: usize) -> bool {
    let rest = digits(account, checked.start, checked.end).into_iter().fold(10, |rest, digit| {
        let sum = rest + digit;
        let reduced = if sum % 10 == 0 { sum } else { sum % 10 };
        reduced * 2 % 11
    });
    digit(account, check) == Some(if rest == 1 { 0 } else { 11 - rest })
}

/// Letters as France counts them: A and J are 1, B, K and S are 2, and so on to I, R and Z, which are 9.
fn french_digits(account: &str) -> String {
    account
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'I' => char::from(byte - b'A' + b'1'),
            b'J'..=b'R' => char::from(byte - b'J' + b'1'),
            b'S'..=b'Z' => char::from(byte - b'S' + b'2'),
            other => char::from(other),
        })
        .collect()
}

/// The peers take six characters at a time and read the digits these begin with; letters, which this country's numbers may
/// hold, are lost that way.
fn macedonian_remainder(account: &str) -> Option<u32> {
    let mut text = account.to_owned();
    loop {
        let last = text.len() <= 2;
        let (head, tail) = text.split_at(text.len().min(6));
        let end = head.bytes().take_while(u8::is_ascii_digit).count();
        let rest = head.get(..end)?.parse::<u32>().ok()? % 97;
        if last {
            return Some(rest);
        }
        text = format!("{rest}{tail}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_with_their_national_check_digits() {
        for valid in [
            "DE89370400440532013000",
            "BE68539007547034",
            "NO9386011117947",
            "FR1420041010050500013M02606",
            "ES9121000418450200051332",
            "HR1210010051863000160",
            "HU42117730161111101800000000",
            "PL61109010140000071219812874",
            "CZ6508000000192000145399",
            "SK3112000000198742637541",
            "EE382200221020145685",
            "PT50000201231234567890154",
            "SI56263300012039086",
            "MK07250120000058984",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert!(is_iban(valid), "{valid}");
        }
        for invalid in
            ["", "DE", "DE8937040044053201300", "DE88370400440532013000", "de89370400440532013000", "ÄÖ12345678901234"]
        {
            assert!(!is_iban(invalid), "{invalid}");
        }
    }

    #[test]
    fn bank_codes() {
        assert!(is_bic("COBADEFF") && is_bic("cobadeffxxx") && is_bic("NCBVXKPR"));
        assert!(!is_bic("COBADEFFX") && !is_bic("COBAXXFF") && !is_bic("COB1DEFF") && !is_bic(""));
    }
}
