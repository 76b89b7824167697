import { isIP } from 'node:net'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** A call that `postern why` asks about. */
export interface WhyQuestion {
  readonly files: readonly string[]
  /** An IP address, or the name that the application looks up to find one. */
  readonly destination: string
  readonly port: number
  /** The Host header or the name that the application asked for. */
  readonly host: string | undefined
  readonly sni: string | undefined
  /** undefined: what the configuration lets expect. */
  readonly protocol: 'tcp' | 'tls' | 'http' | undefined
  readonly policy: 'REGISTRY_ONLY' | 'ALLOW_ANY' | undefined
  readonly namespace: string
}

/** Where the call would go. Absent things are null in JSON. */
export interface WhyAnswer {
  readonly verdict: 'allow' | 'deny'
  /** What the application was taken to dial, and to speak. */
  readonly destination: string
  readonly protocol: 'tcp' | 'tls' | 'http'
  readonly cluster: string | null
  readonly listener: string | null
  readonly filterChain: string | null
  readonly virtualHost: string | null
  readonly route: string | null
  /** HTTP status that the proxy itself answers with; null when the upstream answers. */
  readonly status: number | null
  readonly reason: string
  /** The sentences that a denial shows; what has to hold, when allowed under a condition. */
  readonly explanation: readonly string[]
}

/** Adds `postern why`: answers from the same compiled configuration that serves traffic. */
export function addWhyVerb(
  program: Command,
  out: (text: string) => void,
  answer: (question: WhyQuestion) => Promise<WhyAnswer>,
): void {
  program
    .command('why')
    .description('say where a call would go, and why')
    .option('-f, --filename <path...>', 'configuration: files or directories of YAML, or - for standard input')
    .requiredOption('--dst <ip:port>', 'the address that the application dials, or NAME:PORT', parseDestination)
    .option('--host <name>', 'the Host header, or the name that the application asked for')
    .option('--sni <name>', 'the server name in the TLS ClientHello')
    .option('--protocol <protocol>', `what the application speaks: ${PROTOCOLS.join(', ')}`, parseProtocol)
    .addOption(new Option('--mesh-policy <mode>', 'unnamed destinations').choices(['REGISTRY_ONLY', 'ALLOW_ANY']))
    .option('-n, --namespace <namespace>', "the workload's namespace", 'default')
    .addOption(new Option('-o, --output <format>', 'output').choices(['text', 'json']).default('text'))
    .action(async (flags: WhyFlags) => {
      const answered = await answer({
        files: flags.filename ?? [],
        destination: flags.dst.place,
        port: flags.dst.port,
        host: flags.host ?? (isIP(flags.dst.place) === 0 ? flags.dst.place : undefined),
        sni: flags.sni,
        protocol: flags.protocol === undefined ? undefined : WIRE_PROTOCOLS[flags.protocol],
        policy: flags.meshPolicy,
        namespace: flags.namespace,
      })
      out(flags.output === 'json' ? `${JSON.stringify(answered)}\n` : renderAnswer(answered))
    })
}

/** The protocols of service ports, and what their first bytes look like: databases are plain TCP to a filter chain match. */
const WIRE_PROTOCOLS = {
  tcp: 'tcp',
  tls: 'tls',
  https: 'tls',
  http: 'http',
  http2: 'http',
  http_proxy: 'http',
  grpc: 'http',
  'grpc-web': 'http',
  mysql: 'tcp',
  mongo: 'tcp',
  redis: 'tcp',
} as const
type ServiceProtocol = keyof typeof WIRE_PROTOCOLS
const PROTOCOLS = Object.keys(WIRE_PROTOCOLS) as readonly ServiceProtocol[]

interface WhyFlags {
  readonly filename?: readonly string[]
  readonly dst: { readonly place: string; readonly port: number }
  readonly host?: string
  readonly sni?: string
  readonly protocol?: ServiceProtocol
  readonly meshPolicy?: 'REGISTRY_ONLY' | 'ALLOW_ANY'
  readonly namespace: string
  readonly output: 'text' | 'json'
}

/** In any case, as configuration writes them. */
function parseProtocol(text: string): ServiceProtocol {
  const protocol = PROTOCOLS.find((known) => known === text.toLowerCase())
  if (protocol !== undefined) return protocol
  throw new InvalidArgumentError(`Allowed choices are ${PROTOCOLS.join(', ')}.`)
}

/** "1.2.3.4:443", "[2001:db8::1]:443" or "www.example.com:443" */
function parseDestination(text: string): { place: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(text)
  const [, bracketed, plain = ''] = match ?? []
  const port = Number(match?.[3])
  const isPlace = bracketed === undefined ? isIP(plain) === 4 || /[A-Za-z_]/.test(plain) : isIP(bracketed) === 6
  if (match === null || !isPlace || port < 1 || port > 65535)
    throw new InvalidArgumentError(`"${text}" is not IP:PORT or NAME:PORT; write an IPv6 address as [ADDRESS]:PORT`)
  return { place: bracketed ?? plain, port }
}

function renderAnswer(answer: WhyAnswer): string {
  const lines = [`${answer.verdict}: ${answer.reason}`]
  const facts: readonly (readonly [string, string | number | null])[] = [
    ['destination', `${answer.destination} (${answer.protocol})`],
    ['listener', answer.listener],
    ['filter chain', answer.filterChain],
    ['virtual host', answer.virtualHost],
    ['route', answer.route],
    ['cluster', answer.cluster],
    ['status', answer.status],
  ]
  for (const [name, value] of facts) if (value !== null) lines.push(`  ${name}: ${value}`)
  for (const sentence of answer.explanation) lines.push(`  ${sentence}`)
  return `${lines.join('\n')}\n`
}
