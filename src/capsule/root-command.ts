/** A command that only root can run, as this user has to type it. */
export function rootCommand(command: string, uid = process.getuid?.()): string {
  return uid === 0 ? command : `sudo ${command}`
}
