// JSON lines on stdin and stdout: commands in, replies and events out. The end of stdin ends the process.
import { createInterface } from "node:readline";

export function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Answers each command with what its function gives back. */
export function obey(commands) {
  const input = createInterface({ input: process.stdin });
  input.on("line", async (line) => {
    const { id, command, ...options } = JSON.parse(line);
    try {
      tell({ reply: id, ...(await commands[command](options)) });
    } catch (error) {
      tell({ reply: id, error: error.name, text: error.message });
    }
  });
  input.on("close", () => process.exit());
}
