/** Tells the user something on standard error; the program's own output stays as it is. */
export function notice(text: string): void {
  process.stderr.write(`postern: ${text.replaceAll('\n', '\n         ')}\n`)
}
