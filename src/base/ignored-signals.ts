import { constants } from 'node:os'

/**
 * The signals that this process was started to ignore (`nohup`, `&` in a script). Node forgets them as it starts; so the launcher tells them:
 * POSTERN_IGNORED_SIGNALS is the mask that the kernel shows, hexadecimal.
 */
export function ignoredSignals({ POSTERN_IGNORED_SIGNALS: mask = '' }: NodeJS.ProcessEnv): ReadonlySet<NodeJS.Signals> {
  const bits = /^[0-9a-f]{1,16}$/.test(mask) ? BigInt(`0x${mask}`) : 0n
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  return new Set(names.filter(([, number]) => ((bits >> BigInt(number - 1)) & 1n) === 1n).map(([name]) => name))
}
