. ./connector-dev/dev.env          # URLs and API keys of A and B
a() { curl -sS --fail-with-body -H "X-API-KEY: $A_KEY" "$A_URL/api/core/v1$1" "${@:2}"; }
b() { curl -sS --fail-with-body -H "X-API-KEY: $B_KEY" "$B_URL/api/core/v1$1" "${@:2}"; }

# 1. A offers a relationship: a template, handed over as a short reference (in a mail, as a QR code, ...).
reference=$(a /RelationshipTemplates/Own --json '{
  "maxNumberOfAllocations": 1, "expiresAt": "2099-12-31T00:00:00.000Z",
  "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": "I am A." } }' | jq -r .result.reference.truncated)

# 2. B loads the template by its reference, and asks for the relationship.
template=$(b /RelationshipTemplates/Peer --json "{ \"reference\": \"$reference\" }" | jq -r .result.id)
relationship=$(b /Relationships --json "{
  \"templateId\": \"$template\",
  \"creationContent\": { \"@type\": \"ArbitraryRelationshipCreationContent\", \"value\": \"I am B.\" } }" | jq -r .result.id)

# 3. A learns of it and accepts.
a /Account/Sync -X POST
a "/Relationships/$relationship/Accept" -X PUT | jq -r .result.status

# 4. B learns that it was accepted.
b /Account/Sync -X POST
b "/Relationships/$relationship" | jq -r .result.status

# 5. A uploads a file, and sends B a message with the file attached.
peer=$(a "/Relationships/$relationship" | jq -r .result.peer)
file=$(echo 'This was attached.' | a /Files/Own -F 'file=@-;filename=greeting.txt;type=text/plain' -F 'title=Greeting' | jq -r .result.id)
message=$(a /Messages --json "{
  \"recipients\": [\"$peer\"], \"attachments\": [\"$file\"],
  \"content\": { \"@type\": \"Mail\", \"to\": [\"$peer\"], \"subject\": \"Hello\", \"body\": \"Hello, B!\" } }" | jq -r .result.id)

# 6. B receives both.
b /Account/Sync -X POST
b "/Messages/$message" | jq .result.content
b "/Messages/$message/Attachments/$file/Download"

# 7. And B's webhook has told of it (this asks the receiver that `dev` runs, and waits up to 30 seconds).
curl -sS --fail-with-body "$EVENTS_URL/events?connector=b&trigger=transport.messageReceived&wait=30" | jq .
