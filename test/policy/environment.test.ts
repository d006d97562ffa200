import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEnvName, checkSecretName } from "../../lib/policy/environment.ts";

for (const name of ["GH_TOKEN", "npm_config_cache", "MY_PATH", "HOMEPAGE", "LD", "PATHS", "TERM", "LANG", "_"]) {
  test(`a request may set ${name}`, () => assert.equal(checkEnvName(name), name));
}

for (const name of [
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "PATH",
  "HOME",
  "SHELL",
  "USER",
  "IFS",
  "ENV",
  "BASH_ENV",
  "BASH_FUNC_ls",
  "NODE_OPTIONS",
  "BUN_OPTIONS",
  "IS_SANDBOX",
  "PYTHONHOME",
  "GCONV_PATH",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "ANTHROPIC_UNIX_SOCKET",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDECODE",
  "HTTP_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "no_proxy",
  "anthropic_api_key",
]) {
  test(`a request may not set ${name}`, () => {
    assert.throws(() => checkEnvName(name), { code: "invalid_request", message: new RegExp(name) });
  });
}

test("a secret's name is letters, digits, underscores and dashes", () => {
  assert.equal(checkSecretName("gh-Token_2"), "gh-Token_2");
});

for (const name of ["", "a,type=mount", "a b", "../a", "a\n", "a".repeat(254)]) {
  test(`no secret is called ${JSON.stringify(name.slice(0, 20))}`, () => {
    assert.throws(() => checkSecretName(name), { code: "invalid_request" });
  });
}
