"""Receives webhooks, believes only what is signed, and prints a line for each job that has ended.

STROMBOLI_WEBHOOKS_SECRET=... PORT=9000 python3 webhook_receiver.py
"""

import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["STROMBOLI_WEBHOOKS_SECRET"].encode()
seen = set()  # deliveries come at least once; keep them in a database if that matters beyond a restart


def is_ours(headers, body):
    timestamp = headers.get("X-Stromboli-Timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    digest = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={digest}".encode(), headers.get("X-Stromboli-Signature", "").encode())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ours = is_ours(self.headers, body)
        self.send_response(204 if ours else 401)
        self.end_headers()
        delivery = self.headers.get("X-Stromboli-Delivery")
        if ours and delivery not in seen:
            seen.add(delivery)
            job = json.loads(body)
            print(f"{job['job_id']} {job['outcome']}: {job.get('output', '').partition(chr(10))[0]}", flush=True)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
