#!/bin/sh
# A tour of the API with curl and jq. It costs nothing: "demo" has a scripted model answer instead of a real one.
#   STROMBOLI_URL=https://box.example STROMBOLI_TOKEN=… ./tour.sh
set -eu

url=${STROMBOLI_URL:-http://localhost:8080}

api() { # METHOD PATH [BODY]
  curl -sS --fail-with-body -X "$1" "$url$2" ${3:+-d "$3"} ${STROMBOLI_TOKEN:+-H "Authorization: Bearer $STROMBOLI_TOKEN"}
}

echo "== Run a prompt and wait for the answer"
api POST /run '{"prompt": "say: hello", "demo": true}' | jq -r .output

echo "== Choose how much the container gets, and keep it off the network"
api POST /run '{"prompt": "use Bash: pwd", "demo": true, "podman": {"memory": "256m", "cpus": "0.5", "network": "none"}}' |
  jq -r .output

echo "== Go on in the same conversation, in a fresh container"
session=$(api POST /run '{"prompt": "The code word is basalt.", "demo": true}' | jq -r .session_id)
api POST /run '{"prompt": "recall", "demo": true, "claude": {"session_id": "'"$session"'", "resume": true}}' | jq -r .output

echo "== Submit a job, follow it to its end, and read its answer"
job=$(api POST /run/async '{"prompt": "say: one\nuse Bash: ls\nsay: two", "demo": true}' | jq -r .job_id)
api GET "/jobs/$job/events" | sed -n 's/^event: //p' | uniq -c
api GET "/jobs/$job" | jq '{status, outcome, output, timings_ms}'

echo "== What was said"
api GET "/sessions/$session/messages" | jq -r '.messages[] | "\(.type): \(.content.content[].text // "…")"'

echo "== Try out a request without running it"
api POST '/run?dry_run=true' '{"prompt": "say: hi", "demo": true, "podman": {"volumes": ["/etc/ssh:/workspace"]}}' |
  jq '{allowed, code: .refusal.code}'
