"""A client of a few lines, with Python's standard library alone: runs a prompt and prints the answer.

python3 client.py "What is a caldera?"

The daemon needs credentials for the model: stromboli login, or ANTHROPIC_API_KEY in its environment.
"""

import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("STROMBOLI_URL", "http://localhost:8080")
TOKEN = os.environ.get("STROMBOLI_TOKEN")


def run(prompt, **more):
    """POST /run; `more` are further fields of the request, such as podman={"network": "none"}."""
    request = urllib.request.Request(f"{URL}/run", json.dumps({"prompt": prompt, **more}).encode())
    if TOKEN:
        request.add_header("Authorization", f"Bearer {TOKEN}")
    try:
        with urllib.request.urlopen(request) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        failure = json.load(refused)
        sys.exit(f"{failure['code']}: {failure['error']}")
    except urllib.error.URLError as unreachable:
        sys.exit(f"no daemon answers at {URL}: {unreachable.reason}")


if __name__ == "__main__":
    answer = run(" ".join(sys.argv[1:]), podman={"network": "none"})
    print(answer["output"])
    print(answer["outcome"], "in session", answer["session_id"], file=sys.stderr)
    sys.exit(0 if answer["outcome"] == "succeeded" else 1)
