import { type Command, InvalidArgumentError } from 'commander'

/** What `postern control` was asked for. */
export interface ControlOptions {
  /** Files as `KUBECONFIG` lists them; undefined: those of `KUBECONFIG`. */
  readonly kubeconfig: string | undefined
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number }
}

/** Adds `postern control`; `serve` settles when a signal has ended it. */
export function addControlVerb(program: Command, serve: (options: ControlOptions) => Promise<void>): void {
  program
    .command('control')
    .description('serve xDS to sidecars and Envoys from a Kubernetes API, until a signal ends it')
    .option('--kubeconfig <file>', 'the API to follow (default: $KUBECONFIG)')
    .requiredOption('--listen <address>', 'a path for a Unix socket, or PORT or HOST:PORT on loopback', parseListen)
    .action(async ({ kubeconfig, listen }: Partial<ControlOptions> & Pick<ControlOptions, 'listen'>) => {
      await serve({ kubeconfig, listen })
    })
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/** xDS is served without TLS: never beyond this machine. */
function parseListen(text: string): ControlOptions['listen'] {
  if (text.includes('/')) return { path: text }
  const [, host = '127.0.0.1', digits] = /^(?:(.*):)?(\d+)$/.exec(text) ?? []
  const plain = host.replace(/^\[|\]$/g, '')
  const port = Number(digits)
  if (digits === undefined || port > 65_535)
    throw new InvalidArgumentError(`"${text}" is neither a path nor [HOST:]PORT`)
  if (!LOOPBACK.includes(plain)) throw new InvalidArgumentError(`"${plain}" is not loopback: xDS is served without TLS`)
  return { host: plain, port }
}
