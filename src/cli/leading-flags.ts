/** Flags that istioctl takes before a verb as well as behind it. Its platform was always Kubernetes: nothing depends on it. */
const LEADING = [
  { short: '-n', long: '--namespace' },
  { short: '-c', long: '--kubeconfig' },
  { short: '-i', long: '--istioNamespace' },
  { short: '-p', long: '--platform' },
] as const

type LongFlag = (typeof LEADING)[number]['long']

/** A command line whose verb comes first. */
export interface VerbFirst {
  /** Flags that stood before the verb follow it, as `--flag=value`: it refuses those that it does not take. */
  readonly args: readonly string[]
  /** What `-i` named: where Istio's own objects are. No verb takes it, since they are in one namespace always. */
  readonly istioNamespace: string | undefined
}

/** `-n shop get serviceentries` → `get --namespace=shop serviceentries`. Arguments without a verb stay as they are. */
export function verbFirst(args: readonly string[]): VerbFirst {
  const flags: string[] = []
  let istioNamespace: string | undefined
  let at = 0
  for (;;) {
    const read = readFlag(args, at)
    if (read === undefined) break
    if (read.long === '--istioNamespace') istioNamespace = read.value
    else if (read.long !== '--platform') flags.push(`${read.long}=${read.value}`)
    at = read.next
  }
  const [verb, ...rest] = args.slice(at)
  if (verb === undefined) return { args, istioNamespace: undefined }
  return { args: verb.startsWith('-') ? [...flags, verb, ...rest] : [verb, ...flags, ...rest], istioNamespace }
}

/** One flag in any of the forms that istioctl reads: `-n x`, `-nx`, `-n=x`, `--namespace x`, `--namespace=x`. */
function readFlag(
  args: readonly string[],
  at: number,
): { readonly long: LongFlag; readonly value: string; readonly next: number } | undefined {
  const word = args[at] ?? ''
  for (const { short, long } of LEADING) {
    if (word === short || word === long) {
      const value = args[at + 1]
      return value === undefined ? undefined : { long, value, next: at + 2 }
    }
    if (word.startsWith(`${long}=`)) return { long, value: word.slice(long.length + 1), next: at + 1 }
    if (word.startsWith(short)) return { long, value: word.slice(short.length).replace(/^=/, ''), next: at + 1 }
  }
  return undefined
}
