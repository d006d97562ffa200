import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Server as AnyServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import type { Owner } from "./harness.ts";

/**
 * `https://box.example` of the guides: a reverse proxy before a daemon. There is no such name, so clients go by a proxy of
 * their own, which takes every name for it; `env` has them do so, and believe its certificate.
 */
export const startBox = async (t: Owner, url: () => string) => {
  const folder = mkdtempSync("/tmp/stromboli-e2e-box-");
  const certificate = await makeCertificate(folder);
  const box = createSecureServer(certificate, (request, response) => pass(url(), request, response));
  const port = await listen(box);
  const way = tunnelTo(port);
  const proxy = `http://127.0.0.1:${await listen(way)}`;
  t.after(async () => {
    for (const server of [way, box]) server.close();
    box.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return {
    env: {
      HTTPS_PROXY: proxy,
      NODE_USE_ENV_PROXY: "1",
      NODE_EXTRA_CA_CERTS: certificate.path,
      CURL_CA_BUNDLE: certificate.path,
    },
  };
};

const makeCertificate = async (folder: string) => {
  const [key, path] = [join(folder, "box.key"), join(folder, "box.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const names = ["-subj", "/CN=box.example", "-addext", "subjectAltName=DNS:box.example"];
  await execa("openssl", ["req", "-x509", "-nodes", ...curve, ...names, "-keyout", key, "-out", path]);
  return { key: readFileSync(key), cert: readFileSync(path), path };
};

const listen = async (server: AnyServer): Promise<number> => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port; // TCP and listening: never null, never a pipe
};

const pass = (url: string, request: IncomingMessage, response: ServerResponse): void => {
  const { method, url: path, headers } = request;
  const inner = ask(
    `${url}${path}`,
    { method, headers: { ...headers, "x-forwarded-for": "203.0.113.7" } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  inner.on("error", () => response.destroy());
  request.pipe(inner);
};

const tunnelTo = (port: number): Server =>
  createServer().on("connect", (_request, socket) => {
    const far = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      far.pipe(socket).pipe(far);
    });
    far.on("error", () => socket.destroy());
    socket.on("error", () => far.destroy());
  });
