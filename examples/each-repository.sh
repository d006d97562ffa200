#!/bin/sh
# The same prompt for many repositories at once, each in a container of its own that sees that repository alone.
#   ./each-repository.sh "Update the dependencies and run the tests" ~/src/*/
# The daemon has to allow the folders (policy.volumes) and starts as many at a time as jobs.max_running says.
set -eu

prompt=$1
shift
batch=$(date +%s)-$$

for repository; do
  job=$(stromboli run -d --yolo -v "$repository" --label "batch=$batch" --label "repository=$(basename "$repository")" "$prompt")
  echo "$repository: $job" >&2
done

jobs=$(stromboli ps -aq --label "batch=$batch" -n 500)
# shellcheck disable=SC2086 # ids, one a word
stromboli wait $jobs >&2 || echo "some of them failed" >&2
for job in $jobs; do
  stromboli inspect "$job" | jq -r '"## \(.labels.repository): \(.outcome)\n\n\(.output)\n"'
done
