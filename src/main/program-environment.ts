/** Settings that are Postern's own and must not reach the program that it runs. */
const OWN = ['POSTERN_COMMAND', 'POSTERN_COMPILE_CACHE', 'POSTERN_IGNORED_SIGNALS', 'POSTERN_PROGRAM_COMPILE_CACHE']

/** The environment of the program: this process's, less what the launcher added for Postern itself, and with what it took out. */
export function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const program = { ...env }
  if (program.NODE_COMPILE_CACHE === program.POSTERN_COMPILE_CACHE) delete program.NODE_COMPILE_CACHE
  const { POSTERN_PROGRAM_COMPILE_CACHE: wanted } = program
  if (wanted !== undefined) program.NODE_COMPILE_CACHE = wanted
  for (const name of OWN) delete program[name]
  return program
}

/** How the user started Postern, for commands that are shown: "bin/postern". */
export function ownCommand(env: NodeJS.ProcessEnv): string {
  return env.POSTERN_COMMAND ?? 'postern'
}
