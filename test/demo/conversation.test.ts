import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, result, startModel, textOf, user } from "./harness.ts";

const answer = assistant({ type: "text", text: "ok" });
const called = assistant({ type: "tool_use", id: "toolu_1", name: "Bash", input: {} });
const reminder = "<system-reminder>\nsay: not me\n</system-reminder>\n";

const conversations = {
  "reminders are not prompts": { messages: [user(reminder, "hello")], says: "echo: hello" },
  "a reminder inside the prompt's own text is left out": { messages: [user(`${reminder}hello`)], says: "echo: hello" },
  "system messages are not prompts": {
    messages: [user("hello"), { role: "system", content: "say: not me" }],
    says: "echo: hello",
  },
  "of several prompts in one message the newest counts": { messages: [user("one\n", "two")], says: "echo: two" },
  "a reminder inside a tool result is left out": {
    messages: [user("use Bash: id"), called, user(result(`0\n${reminder}`))],
    says: "result: 0",
  },
  "tool results of an earlier prompt do not count": {
    messages: [user("use Bash: id"), called, user(result("0")), answer, user("hello")],
    says: "echo: hello",
  },
  "texts that the CLI writes by itself are not prompts": {
    messages: [user("say: me"), answer, user("Continue from where you left off.")],
    says: "me",
  },
  "the CLI's demand for structured output is not a prompt": {
    messages: [
      user("say: me"),
      answer,
      user("[structured-output-enforce] You MUST call the StructuredOutput tool now"),
    ],
    says: "me",
  },
  "an interrupt is not a prompt": {
    messages: [user("slow 9 9"), user("[Request interrupted by user]", "hello")],
    says: "echo: hello",
  },
  "a message sent while a tool ran is the newest prompt": {
    messages: [
      user("use Bash: id"),
      called,
      user(result("0")),
      {
        role: "system",
        content:
          "The user sent a new message while you were working:\nsay: steered\n\nThis is how Claude Code surfaces it.",
      },
    ],
    says: "steered",
  },
  "blocks of a tool result are read like text": {
    messages: [user("use Bash: id"), called, user({ type: "tool_result", content: [{ type: "text", text: "0" }] })],
    says: "result: 0",
  },
};

for (const [title, { messages, says }] of Object.entries(conversations)) {
  test(title, async (t) => {
    const model = await startModel(t);
    assert.equal(textOf(await model.ask(messages)), says);
  });
}

const security = "You are a security monitor for autonomous AI coding agents. Judge.";

test("the CLI's own security question is answered with consent", async (t) => {
  const model = await startModel(t);
  assert.equal(textOf(await model.ask("use Bash: id", { system: security })), "<block>no</block>");
});

test("the CLI's request for a summary is answered with one", async (t) => {
  const model = await startModel(t);
  const asked = [user("say: me"), answer, user("Your task is to create a detailed summary of the conversation.")];
  assert.match(textOf(await model.ask(asked)), /<summary>.+<\/summary>/);
});
