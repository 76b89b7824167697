/** Where a system has its tools; on those that are laid out in another way they are found by PATH. */
export const systemDirectories: readonly string[] = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/**
 * The environment of a process of Postern's own that starts beside the program: what the user set for Node or the loader (NODE_OPTIONS,
 * LD_PRELOAD) may name files that the program can write, and the program's own environment comes with its start.
 */
export function ownEnvironment({ PATH, NODE_COMPILE_CACHE }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { PATH: [...systemDirectories, ...(PATH ? [PATH] : [])].join(':') }
  return NODE_COMPILE_CACHE === undefined ? own : { ...own, NODE_COMPILE_CACHE }
}
