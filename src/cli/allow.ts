import { type Command, InvalidArgumentError } from 'commander'
import { combine, isValid } from '#api/configuration.ts'
import { checkManifestFile } from '#api/document.ts'
import { type Destination, suggestServiceEntries } from '#api/suggest.ts'
import { Fault } from '#base/fault.ts'
import { parseManifests } from '#kube/manifest.ts'
import type { VerbIo } from './verb-io.ts'

/** `postern allow HOST:PORT...`: the ServiceEntries that allow these destinations, as YAML on standard output. */
export function addAllowVerb(program: Command, io: VerbIo): void {
  program
    .command('allow')
    .description('Prints the ServiceEntry that allows a destination.')
    .argument(
      '<destination...>',
      'HOST:PORT, IP:PORT, CIDR:PORT, [IPV6]:PORT or *.DOMAIN:PORT',
      (text: string, before: readonly Destination[] | undefined) => [...(before ?? []), parseDestination(text)],
    )
    .option(
      '--protocol <protocol>',
      'protocol of the ports, e.g. TLS, HTTP, TCP, MYSQL (default: what the port usually carries)',
    )
    .option('--name <name>', 'name of the ServiceEntry (default: after the destination)')
    .option('-n, --namespace <namespace>', 'namespace of the ServiceEntry')
    .action((destinations: Destination[], options: AllowOptions) => {
      io.exitCode = allow(destinations, options, io)
    })
}

interface AllowOptions {
  readonly protocol?: string
  readonly name?: string
  readonly namespace?: string
}

function allow(asked: readonly Destination[], options: AllowOptions, io: VerbIo): number {
  const destinations = asked.map((destination) => ({ ...destination, protocol: options.protocol }))
  const suggestion = suggestServiceEntries(destinations, options)
  if (suggestion.kind === 'none') throw new Fault('allow/no-service-entry', suggestion.why)
  const { messages } = combine([checkManifestFile(parseManifests('allow', suggestion.yaml))], 'error')
  if (!isValid(messages)) {
    const faults = messages.map((message) => `${message.path}: ${message.text}`)
    throw new Fault('allow/no-service-entry', faults.join('; '))
  }
  io.stdout.write(suggestion.yaml)
  return 0
}

/** Reads HOST:PORT, ADDRESS:PORT, CIDR:PORT, [IPV6]:PORT or [IPV6 CIDR]:PORT. Throws an InvalidArgumentError for anything else. */
export function parseDestination(text: string): Destination {
  const match = /^(?:\[(?<bracketed>[^\]]+)\](?<bits>\/\d+)?|(?<plain>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)
  if (match?.groups === undefined) {
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is not HOST:PORT; for example www.example.com:443, 10.0.0.0/8:3306 or "[2001:db8::1]:443"`,
    )
  }
  const { bracketed, bits = '', plain, port } = match.groups
  const place = plain ?? `${bracketed}${bits}`
  return { host: place.includes('/') ? undefined : place, ip: place, port: Number(port) }
}
