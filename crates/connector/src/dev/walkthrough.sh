. ./connector-dev/dev.env          # URLs and API keys of A and B
call() {                           # prints what a Connector answers, or what went wrong
  local answer
  answer=$(curl -sS --fail-with-body -H "X-API-KEY: $2" "$1/api/core/v1$3" "${@:4}") || { echo "$3: $answer" >&2; return 1; }
  [ -z "$answer" ] || printf '%s\n' "$answer"
}
a() { call "$A_URL" "$A_KEY" "$@"; }
b() { call "$B_URL" "$B_KEY" "$@"; }

# 1. Unless they know each other already (this can be run again and again), A offers a relationship: a template, handed over
#    as a short reference (in a mail, as a QR code, ...). B loads the template by it, and asks for the relationship.
relationship=$(b /Relationships | jq -r '[.result[] | select(.status == "Active" or .status == "Pending")][0].id // empty')
if [ -z "$relationship" ]; then
  reference=$(a /RelationshipTemplates/Own --json '{
    "maxNumberOfAllocations": 1, "expiresAt": "2099-12-31T00:00:00.000Z",
    "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": "I am A." } }' | jq -r .result.reference.truncated)
  template=$(b /RelationshipTemplates/Peer --json "{ \"reference\": \"$reference\" }" | jq -r .result.id)
  relationship=$(b /Relationships --json "{
    \"templateId\": \"$template\",
    \"creationContent\": { \"@type\": \"ArbitraryRelationshipCreationContent\", \"value\": \"I am B.\" } }" | jq -r .result.id)
fi

# 2. A learns of it and accepts.
a /Account/Sync -X POST
[ "$(a "/Relationships/$relationship" | jq -r .result.status)" = Active ] || a "/Relationships/$relationship/Accept" -X PUT | jq -r .result.status

# 3. B learns that it was accepted.
b /Account/Sync -X POST
b "/Relationships/$relationship" | jq -r .result.status

# 4. A uploads a file, and sends B a message with the file attached.
peer=$(a "/Relationships/$relationship" | jq -r .result.peer)
file=$(echo 'This was attached.' | a /Files/Own -F 'file=@-;filename=greeting.txt;type=text/plain' -F 'title=Greeting' | jq -r .result.id)
message=$(a /Messages --json "{
  \"recipients\": [\"$peer\"], \"attachments\": [\"$file\"],
  \"content\": { \"@type\": \"Mail\", \"to\": [\"$peer\"], \"subject\": \"Hello\", \"body\": \"Hello, B.\" } }" | jq -r .result.id)

# 5. B receives both.
b /Account/Sync -X POST
b "/Messages/$message" | jq .result.content
b "/Messages/$message/Attachments/$file/Download"

# 6. And B's webhook has told of it (this asks the receiver that `dev` runs, and waits up to 30 seconds).
curl -sS --fail-with-body "$EVENTS_URL/events?connector=b&trigger=transport.messageReceived&wait=30" | jq .
