import { constants } from 'node:os'

/** What a user, a terminal or a shell sends; what else a process ignores is its own affair. */
const SENT = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP'] as const

/**
 * The signals that this process was started to ignore (`nohup`, `&` in a script). Node forgets them as it starts; so the launcher tells them:
 * POSTERN_IGNORED_SIGNALS is the mask that the kernel shows, hexadecimal.
 */
export function ignoredSignals({ POSTERN_IGNORED_SIGNALS: mask = '' }: NodeJS.ProcessEnv): ReadonlySet<NodeJS.Signals> {
  const bits = /^[0-9a-f]{1,16}$/.test(mask) ? BigInt(`0x${mask}`) : 0n
  return new Set(SENT.filter((name) => ((bits >> BigInt(constants.signals[name] - 1)) & 1n) === 1n))
}

/** The command, started to ignore them as well: what Node starts ignores nothing. */
export function ignoring(
  signals: ReadonlySet<NodeJS.Signals>,
  command: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  if (signals.size === 0) return command
  const names = [...signals].map((signal) => signal.slice('SIG'.length))
  return ['/bin/sh', '-c', `trap '' ${names.join(' ')}; exec "$@"`, 'sh', ...command]
}
