use content::{MessageContent, Request};
use core_types::{FileId, IdentityAddress, MessageId};
use transport::documents::{File, Message};
use transport::{Account, SendMessage, Sending};

use super::{found, push_datawallet};
use crate::content_check::{check_mail_recipients, check_message_content, quoted};
use crate::dto::{FileDownload, FileDto, MessageDto, MessageWithAttachmentsDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::SendMessageRequest;
use crate::listing::Listing;
use crate::query::{self, Ownership, Resource};
use crate::validation::check_id;
use crate::validation::pattern::Pattern;

/// Use cases on Messages (`docs/protocol/06-rest-api.md` §5.8).
#[derive(Debug, Clone)]
pub struct MessagesService {
    pub(super) account: Account,
}

impl MessagesService {
    /// Sends a Message. The order of the checks is the one clients know.
    ///
    /// # Errors
    /// Those of the content check, `error.runtime.messages.*`, `error.transport.messages.*`,
    /// `error.runtime.recordNotFound` for an attachment, failures of the Backbone and the store.
    pub async fn send(&self, request: SendMessageRequest) -> Result<MessageDto, ApplicationError> {
        let message = self.account.messages().send(self.checked(request).await?).await?;
        push_datawallet(&self.account).await;
        Ok(MessageDto::from(&message))
    }

    /// Sends a Message for a cause ([`transport::Causes`]), once however often this is called.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_for(
        &self,
        cause: &str,
        request: SendMessageRequest,
    ) -> Result<Sending<MessageDto>, ApplicationError> {
        let sending = self.account.messages().send_for(cause, self.checked(request).await?).await?;
        push_datawallet(&self.account).await;
        Ok(match sending {
            Sending::Sent(message) => Sending::Sent(MessageDto::from(&message)),
            Sending::Completed => Sending::Completed,
        })
    }

    async fn checked(&self, request: SendMessageRequest) -> Result<SendMessage, ApplicationError> {
        let content = check_message_content(&request.content, self.account.clock().now())?;
        let kind = MessageContent::of(&content);
        if matches!(kind, Some(MessageContent::Request(_))) && request.recipients.len() != 1 {
            return Err(RuntimeError::property("Only one recipient is allowed for sending Requests.").into());
        }
        let is_notification = matches!(kind, Some(MessageContent::Notification(_)));
        self.check_recipients(&request.recipients, is_notification).await?;
        match kind {
            Some(MessageContent::Mail(mail)) => check_mail_recipients(&mail, &request.recipients)?,
            Some(MessageContent::Request(request)) => return Err(unknown_request(&request)),
            Some(
                MessageContent::Arbitrary(_) | MessageContent::Notification(_) | MessageContent::ResponseWrapper(_),
            )
            | None => {}
        }
        let mut attachments = Vec::new();
        for id in &request.attachments {
            attachments.push(found(self.account.files().get(id).await?, "File")?);
        }
        Ok(SendMessage { recipients: request.recipients, content: content.into_value(), attachments })
    }

    /// Lists Messages.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid query, a failure of the store.
    pub async fn list(&self, query: &[(String, String)]) -> Result<Listing<MessageDto>, ApplicationError> {
        let query = query::parse_list(Resource::Messages, Ownership::Any, query)?;
        Listing::new(self.account.messages().scan(&query).await, |message| message.into())
    }

    /// One Message, with the Files attached to it.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`.
    pub async fn get(&self, id: &str) -> Result<MessageWithAttachmentsDto, ApplicationError> {
        check_id("id", Pattern::MessageId, id)?;
        let message = self.message(id).await?;
        let mut attachments = Vec::new();
        for id in &message.attachments {
            attachments.push(match self.account.files().get(id).await? {
                Some(file) => self.file_dto(&file),
                None => FileDto::unavailable(id, &message),
            });
        }
        Ok(MessageWithAttachmentsDto::new(&message, attachments))
    }

    /// A File attached to a Message.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.runtime.messages.fileNotFoundInMessage`.
    pub async fn attachment(&self, id: &str, attachment_id: &str) -> Result<FileDto, ApplicationError> {
        Ok(self.file_dto(&self.attached(id, attachment_id).await?))
    }

    /// The content of a File attached to a Message.
    ///
    /// # Errors
    /// As [`Self::attachment`], failures of the Backbone, `error.transport.files.*` if the content has been altered.
    pub async fn download_attachment(&self, id: &str, attachment_id: &str) -> Result<FileDownload, ApplicationError> {
        let file = self.attached(id, attachment_id).await?;
        let content = self.account.files().download(&file.id).await?;
        Ok(FileDownload { content, filename: file.filename, mimetype: file.mimetype })
    }

    async fn attached(&self, id: &str, attachment_id: &str) -> Result<File, ApplicationError> {
        check_id("id", Pattern::MessageId, id)?;
        check_id("attachmentId", Pattern::FileId, attachment_id)?;
        let message = self.message(id).await?;
        let Some(attachment) = message.attachments.iter().find(|attachment| attachment.as_str() == attachment_id)
        else {
            return Err(RuntimeError::FileNotFoundInMessage(attachment_id.to_owned()).into());
        };
        self.file(attachment).await
    }

    async fn message(&self, id: &str) -> Result<Message, ApplicationError> {
        found(self.account.messages().get(&MessageId::new(id)).await?, "Message")
    }

    /// An attached File. One that could not be loaded with its Message is requested again.
    async fn file(&self, id: &FileId) -> Result<File, ApplicationError> {
        if let Some(file) = self.account.files().get(id).await? {
            return Ok(file);
        }
        self.account.inbox().try_object(id.as_str()).await?;
        found(self.account.files().get(id).await?, "File")
    }

    fn file_dto(&self, file: &File) -> FileDto {
        FileDto::new(file, &self.account.config().base_url)
    }

    /// Notifications may go to peers that no other Message can reach: over terminated Relationships and to peers about
    /// to be deleted.
    async fn check_recipients(
        &self,
        recipients: &[IdentityAddress],
        is_notification: bool,
    ) -> Result<(), ApplicationError> {
        let found = self.account.messages().recipients(recipients).await?;
        if !is_notification {
            let (inactive, in_deletion) = (found.without_active_relationship(), found.to_be_deleted());
            if !inactive.is_empty() {
                return Err(RuntimeError::HasNoActiveRelationship(addresses(&inactive)).into());
            }
            if !in_deletion.is_empty() {
                return Err(RuntimeError::PeerIsInDeletion(addresses(&in_deletion)).into());
            }
        }
        found.reachable()?;
        Ok(())
    }
}

/// Requests are created and kept by the layer that decides on them; one that it does not know cannot be sent. Without
/// that layer none is known.
fn unknown_request(request: &Request<'_>) -> ApplicationError {
    match request.id() {
        None => ApplicationError::from(RuntimeError::property("The Request must have an id.")),
        Some(_) => ApplicationError::from(RuntimeError::RecordNotFound("Request")),
    }
}

fn addresses(recipients: &[&IdentityAddress]) -> String {
    quoted(recipients.iter().map(|address| address.as_str()))
}
