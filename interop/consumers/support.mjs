// What the consumers share: options come as JSON in the first argument, "ready" and then messages go out as lines of JSON, and
// the process ends with the one that started it.

export const options = JSON.parse(process.argv[2]);

process.stdin.on("end", () => process.exit()).resume();

export const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
