//! The walk-through that `dev` prints once everything is running.

use std::path::Path;

/// The commands of the README, which the whole-system test executes.
const COMMANDS: &str = include_str!("walkthrough.sh");
const DEFAULT_FOLDER: &str = "./connector-dev/";

/// The commands for this data folder.
pub(super) fn commands(data: &Path) -> String {
    COMMANDS.replacen(DEFAULT_FOLDER, &format!("{}/", shell_word(&data.display().to_string())), 1)
}

/// Quoted if the shell would interpret it.
fn shell_word(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "./_-".contains(character);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{COMMANDS, commands, shell_word};

    #[test]
    fn the_readme_shows_exactly_these_commands() {
        let readme = include_str!("../../../../README.md");
        let block = readme.split("```bash walkthrough\n").nth(1).and_then(|rest| rest.split("```").next());
        assert_eq!(block, Some(COMMANDS));
    }

    /// An interactive shell expands what follows a `!` to a previous command, even between double quotes.
    #[test]
    fn nothing_means_more_to_an_interactive_shell() {
        assert!(!COMMANDS.contains('!') && !COMMANDS.contains('\t'));
        assert!(COMMANDS.lines().all(|line| !line.starts_with('^')));
    }

    #[test]
    fn the_data_folder_takes_the_place_of_the_default_one() {
        assert_eq!(commands(Path::new("./connector-dev")), COMMANDS);
        let elsewhere = commands(Path::new("/tmp/it's here"));
        assert!(elsewhere.starts_with(". '/tmp/it'\\''s here'/dev.env "), "{elsewhere}");
        assert!(!elsewhere.contains("connector-dev"));
        assert_eq!(shell_word("/var/lib/x-1_2"), "/var/lib/x-1_2");
    }
}
