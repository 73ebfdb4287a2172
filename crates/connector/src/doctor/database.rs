//! The database: existing, writable, with free space, and the Identity in it.

use std::fs::OpenOptions;
use std::path::Path;

use store::{Inspection, SchemaState, Store, StoreConfig, StoreError};
use tokio::process::Command;
use transport::{InboxOverview, StoredAccount, TransportConfig, UnknownOwnMessages};

use super::finding::Finding;
use super::in_time;
use crate::config::Configuration;

const CHECK: &str = "database";
const IDENTITY: &str = "identity";
const INBOX: &str = "inbox";
const DISK: &str = "disk";

/// Free space, in MiB, below which failures are imminent, and below which attention is needed.
const TOO_LITTLE: u64 = 64;
const LITTLE: u64 = 1024;

/// The result of the checks of the database.
pub(super) struct Database {
    pub(super) findings: Vec<Finding>,
    /// Its current writer.
    pub(super) writer: Option<String>,
    pub(super) account: Option<StoredAccount>,
}

pub(super) async fn check(configuration: &Configuration) -> Database {
    let config = configuration.database.to_store_config();
    let mut database = Database { findings: Vec::new(), writer: None, account: None };
    let inspection = match in_time(Store::inspect(&config)).await {
        Ok(Ok(inspection)) => inspection,
        Ok(Err(error)) => {
            database.findings.push(unusable(&error));
            return database;
        }
        Err(reason) => {
            let advice = "Is the server of database.connectionString running, and may this machine connect to it?";
            database.findings.push(Finding::problem(CHECK, reason, advice));
            return database;
        }
    };
    database.findings.push(schema(&inspection));
    database.findings.extend(obstacle(&inspection));
    if let Some(file) = &inspection.file {
        database.findings.extend(free_space(file).await);
    }
    if inspection.schema == SchemaState::Current {
        match in_time(account(&config)).await.unwrap_or_else(Err) {
            Ok(account) => database.account = account,
            Err(reason) => {
                let advice = "An incomplete database cannot be repaired: restore the latest backup of it, and make sure that no other \
                              copy is in use. What was received since is fetched from the Backbone; what was sent since stays \
                              unknown here.";
                database.findings.push(Finding::problem(IDENTITY, reason, advice));
                return database;
            }
        }
    }
    if matches!(inspection.schema, SchemaState::Current | SchemaState::Missing) {
        database.findings.extend(identity(database.account.as_ref(), &configuration.transport).await);
    }
    database.writer = inspection.writer;
    database
}

fn unusable(error: &StoreError) -> Finding {
    let advice = match error {
        StoreError::Unavailable { .. } => {
            "Start the database server, and check host and port in database.connectionString."
        }
        StoreError::Configuration(_) => "Correct database.connectionString or database.dbName.",
        _ => "Is the file a database of a Connector, and may this user read it?",
    };
    Finding::problem(CHECK, error.to_string(), advice)
}

fn schema(inspection: &Inspection) -> Finding {
    let database = &inspection.database;
    match inspection.schema {
        SchemaState::Missing => Finding::ok(CHECK, format!("{database} is not there yet; the first start makes it")),
        SchemaState::Current => Finding::ok(CHECK, format!("{database} can be read, its tables are up to date")),
        SchemaState::Older => Finding::warning(
            CHECK,
            format!("{database} is of an older version"),
            "The next start brings it up to date, and the older version cannot use it afterwards: make a backup first.",
        ),
        SchemaState::Newer => Finding::problem(
            CHECK,
            format!("{database} was written by a newer version of this program"),
            "Use that version. The backup that was made before works, too, but lacks what was sent since.",
        ),
    }
}

fn obstacle(inspection: &Inspection) -> Option<Finding> {
    let (reason, advice) = match (&inspection.obstacle, &inspection.file) {
        (Some(reason), _) => (reason.clone(), "Give the role of database.connectionString the right to write."),
        (None, Some(file)) => {
            let reason = refusal(file)?;
            (reason, "Let the user of the service own the folder, or name another one in database.connectionString.")
        }
        (None, None) => return None,
    };
    Some(Finding::problem(CHECK, format!("{} cannot be written: {reason}", inspection.database), advice))
}

/// The reason why a file cannot be written or created. This is tried with unnamed files, which leave no trace.
fn refusal(file: &Path) -> Option<String> {
    if file.exists()
        && let Err(error) = OpenOptions::new().write(true).open(file)
    {
        return Some(error.to_string());
    }
    let folder = existing_folder(file);
    tempfile::tempfile_in(folder).err().map(|error| format!("the folder {} refuses: {error}", folder.display()))
}

/// The folder of a file, or its nearest existing ancestor.
fn existing_folder(file: &Path) -> &Path {
    let folders =
        file.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    folders.into_iter().find(|folder| folder.exists()).unwrap_or(Path::new("."))
}

/// As reported by `df`; without it, nothing is reported.
async fn free_space(file: &Path) -> Option<Finding> {
    let mut command = Command::new("df");
    command.args(["-P", "-k", "--"]).arg(existing_folder(file)).kill_on_drop(true);
    let output = in_time(command.output()).await.ok()?.ok()?;
    let free = available(&String::from_utf8_lossy(&output.stdout))? / 1024;
    let message = format!("{free} MiB are free for {}", file.display());
    let advice = "Make room, or move the database to a larger disk.";
    Some(match free {
        ..TOO_LITTLE => Finding::problem(DISK, message, advice),
        TOO_LITTLE..LITTLE => Finding::warning(DISK, message, advice),
        _ => Finding::ok(DISK, message),
    })
}

/// The number in front of the percentage in the second line.
fn available(table: &str) -> Option<u64> {
    let words: Vec<&str> = table.lines().nth(1)?.split_whitespace().collect();
    let percentage = words.iter().position(|word| word.ends_with('%'))?;
    words.get(percentage.checked_sub(1)?)?.parse().ok()
}

async fn account(config: &StoreConfig) -> Result<Option<StoredAccount>, String> {
    let store = Store::open_read_only(config).await.map_err(|error| error.to_string())?;
    let Some(store) = store else { return Ok(None) };
    StoredAccount::find(&store).await.map_err(|error| error.to_string())
}

async fn identity(account: Option<&StoredAccount>, config: &TransportConfig) -> Vec<Finding> {
    let Some(account) = account else {
        return vec![match config.allow_identity_creation {
            true => Finding::ok(IDENTITY, "none yet; the first start creates one"),
            false => Finding::problem(
                IDENTITY,
                "the database holds none, and transportLibrary.allowIdentityCreation is false: a start fails",
                "Name the database of the Identity in database.connectionString and database.dbName, or set \
                 transportLibrary.allowIdentityCreation to true to create a new one.",
            ),
        }];
    };
    let address = &account.identity().address;
    let mut findings = vec![Finding::ok(IDENTITY, address.to_string())];
    if let Ok(host) = config.address_hostname()
        && !address.as_str().starts_with(&format!("did:e:{host}:"))
    {
        findings.push(Finding::warning(
            IDENTITY,
            format!("the address does not belong to a Backbone with the host name {host}"),
            "Check transportLibrary.baseUrl, transportLibrary.addressGenerationHostnameOverride and database.dbName: \
             one of them may be that of another Connector.",
        ));
    }
    if let Ok(Ok(Some(unknown))) = in_time(account.unknown_own_messages()).await {
        findings.push(copy(&unknown));
    }
    if let Ok(Ok(inbox)) = in_time(account.inbox()).await
        && inbox.waiting + inbox.refused > 0
    {
        findings.push(waits(&inbox));
    }
    if let Ok(Ok(Some(process))) = in_time(account.active_deletion()).await {
        let end = process.grace_period_ends_at.map_or_else(|| "soon".to_owned(), |end| format!("at {end}"));
        findings.push(Finding::warning(
            IDENTITY,
            format!("it will be deleted {end}"),
            "To keep it: connector identityDeletion cancel.",
        ));
    }
    findings
}

fn waits(inbox: &InboxOverview) -> Finding {
    let oldest = inbox.oldest_waiting.as_ref().or(inbox.oldest_refused.as_ref());
    let since = oldest.map(|entry| format!(", the oldest since {}", entry.received_at)).unwrap_or_default();
    let why = oldest.and_then(|entry| entry.last_failure.as_ref()).map(|failure| format!(": {}", failure.message));
    Finding::warning(
        INBOX,
        format!(
            "{} external events or files could not be applied yet, and {} external events are wrong as they are{since}{}",
            inbox.waiting,
            inbox.refused,
            why.unwrap_or_default()
        ),
        "They are tried again by themselves. GET /api/delivery/v1/Inbox lists them; PUT …/Try tries one now, PUT …/GiveUp \
         gives one up that can never be applied.",
    )
}

fn copy(unknown: &UnknownOwnMessages) -> Finding {
    Finding::warning(
        IDENTITY,
        format!(
            "the Backbone has {} messages of this device, the newest of {}, that were not sent with this database",
            unknown.count, unknown.newest
        ),
        "If it was restored from an older backup, they cannot be read here any more, and this message vanishes after a day. \
         Otherwise a second copy of it is in use: stop one of the two, as each gets only a part of what is received.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use core_types::Timestamp;
    use serde_json::json;
    use transport::documents::{InboxEntry, InboxFailure, InboxSubject};
    use transport::{InboxOverview, UnknownOwnMessages};

    use super::{available, copy, existing_folder, refusal, waits};

    #[test]
    fn what_waits_in_the_inbox_is_told_with_why_and_what_to_do() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let subject = InboxSubject::ExternalEvent { event: json!({ "type": "MessageReceived" }) };
        let failure = |message: &str| InboxFailure { at, code: "c".into(), message: message.into(), may_pass: true };
        let entry = |why: &str| InboxEntry::new("SYI1", "MSG1", subject.clone(), at).failed(failure(why));
        let both = InboxOverview {
            waiting: 2,
            refused: 1,
            oldest_waiting: Some(entry("status 521")),
            oldest_refused: Some(entry("no such key")),
            ..InboxOverview::default()
        };
        let finding = waits(&both);
        assert!(!finding.is_problem());
        assert_eq!(
            finding.message,
            "2 external events or files could not be applied yet, and 1 external events are wrong as they are, the oldest since \
             2023-11-14T22:13:20.000Z: status 521"
        );
        assert!(finding.advice.unwrap().contains("GET /api/delivery/v1/Inbox"));
        let refused = InboxOverview { waiting: 0, oldest_waiting: None, ..both };
        assert!(waits(&refused).message.ends_with(": no such key"));
    }

    #[test]
    fn another_copy_of_the_database_is_told_with_what_to_do() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let unknown = UnknownOwnMessages { count: 3, newest: at, first_found_at: at, last_found_at: at };
        let finding = copy(&unknown);
        assert!(!finding.is_problem());
        assert!(finding.message.contains("3 messages of this device, the newest of 2023-11-14T22:13:20.000Z"));
        assert!(finding.advice.unwrap().contains("stop one of the two"));
    }

    #[test]
    fn the_table_of_df_is_understood() {
        let table = "Filesystem     1024-blocks      Used Available Capacity Mounted on\noverlay fs       102624184  56024084  46583716      55% /a b\n";
        assert_eq!(available(table), Some(46_583_716));
        assert_eq!(available(""), None);
        assert_eq!(available("a\n5% x"), None);
    }

    #[test]
    fn a_folder_is_tried_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not/yet/there.db");
        assert_eq!(existing_folder(&file), folder.path());
        assert_eq!(existing_folder(Path::new("there.db")), Path::new("."));
        assert_eq!(refusal(&file), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(refusal(Path::new("/proc/connector/x.db")).is_some());
    }
}
