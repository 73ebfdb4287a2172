//! The recipients named in a Mail (`docs/protocol/04-content.md` §10).

use std::collections::HashSet;

use content::Mail;
use core_types::IdentityAddress;

use crate::error::{ApplicationError, RuntimeError};

/// Checks the addressees of the Mail against the recipients of the Message.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue`: duplicates, overlaps and differences.
pub(crate) fn check_mail_recipients(mail: &Mail<'_>, recipients: &[IdentityAddress]) -> Result<(), ApplicationError> {
    let (to, cc) = (mail.to(), mail.cc());
    for (name, list) in [("cc", cc), ("to", to)] {
        if list.iter().collect::<HashSet<_>>().len() < list.len() {
            let text = format!("Some recipients in '{name}' are listed multiple times.");
            return Err(RuntimeError::property(text).into());
        }
    }
    let (in_to, in_cc): (HashSet<&str>, HashSet<&str>) = (to.iter().copied().collect(), cc.iter().copied().collect());
    let in_both: Vec<&str> = to.iter().filter(|address| in_cc.contains(*address)).copied().collect();
    if !in_both.is_empty() {
        let text = format!("The recipients {} are put into both 'to' and 'cc'.", quoted(in_both));
        return Err(RuntimeError::property(text).into());
    }
    let reached: HashSet<&str> = recipients.iter().map(IdentityAddress::as_str).collect();
    let addresses = recipients.iter().map(IdentityAddress::as_str);
    let unaddressed = addresses.filter(|address| !in_to.contains(address) && !in_cc.contains(address));
    let unreached = to.iter().chain(cc).copied().filter(|address| !reached.contains(address));
    let different: Vec<&str> = unaddressed.chain(unreached).collect();
    if !different.is_empty() {
        let text = format!(
            "The identities {} are not listed among both the Message recipients and the recipients in 'to'/'cc'.",
            quoted(different)
        );
        return Err(RuntimeError::property(text).into());
    }
    Ok(())
}

/// Formats addresses as `'a', 'b'`.
pub(crate) fn quoted<'a>(addresses: impl IntoIterator<Item = &'a str>) -> String {
    addresses.into_iter().map(|address| format!("'{address}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use content::Reader;
    use core_types::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn recipients() {
        let failure = |to: &[&str], cc: &[&str], recipients: &[&str]| {
            let mail = json!({ "@type": "Mail", "to": to, "cc": cc, "subject": "", "body": "" });
            let mail = Reader::new(Timestamp::from_millis(0)).read(&mail).unwrap();
            let recipients: Vec<_> = recipients.iter().copied().map(IdentityAddress::new).collect();
            let result = check_mail_recipients(&Mail::of(&mail).unwrap(), &recipients);
            result.err().map(|error| error.message().to_owned())
        };
        assert_eq!(failure(&["a"], &["b"], &["b", "a"]), None);
        assert_eq!(
            failure(&["a", "a"], &["b", "b"], &[]).unwrap(),
            "Some recipients in 'cc' are listed multiple times."
        );
        assert_eq!(failure(&["a", "a"], &["a"], &[]).unwrap(), "Some recipients in 'to' are listed multiple times.");
        assert_eq!(failure(&["a", "b"], &["b"], &[]).unwrap(), "The recipients 'b' are put into both 'to' and 'cc'.");
        assert_eq!(
            failure(&["a"], &["c"], &["b", "a"]).unwrap(),
            "The identities 'b', 'c' are not listed among both the Message recipients and the recipients in 'to'/'cc'."
        );
    }
}
