/**
 * The environment of a process of Postern's own that starts beside the program: what the user set for Node or the loader (NODE_OPTIONS,
 * LD_PRELOAD) may name files that the program can write, and the program's own environment comes with its start.
 */
export function ownEnvironment({ PATH, NODE_COMPILE_CACHE }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return NODE_COMPILE_CACHE === undefined ? { PATH } : { PATH, NODE_COMPILE_CACHE }
}
