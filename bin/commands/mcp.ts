import { Command } from "commander";

export const mcpCommand = () =>
  new Command("mcp")
    .description("Serve tools on standard input and output by which another agent runs isolated ones (MCP).")
    .addHelpText(
      "after",
      `
It is for programs: a client starts it and speaks the Model Context Protocol with it.

Examples:
  claude mcp add stromboli -- stromboli mcp
  claude mcp add stromboli -e STROMBOLI_CONTEXT=box -- stromboli mcp`,
    )
    .action(async () => {
      const { serveTools } = await import("../mcp/serve.ts"); // heavy, and the help can do without
      await serveTools(process.env);
    });
