import type { FieldPath } from '#kube/field-path.ts'
import { isMap, type Json, listAt, mapAt, numberAt, stringsAt, textAt } from './json.ts'
import { fullGateway } from './names.ts'
import type { Subject } from './subject.ts'

/** Somewhere that a virtual service sends calls to. */
export interface RouteDestination {
  /** As written. */
  readonly host: string
  readonly subset: string
  readonly port: number | undefined
  readonly role: 'route' | 'mirror'
  readonly path: FieldPath
}

/** Every destination of a virtual service, in its order. */
export function destinationsOf({ spec }: Subject): readonly RouteDestination[] {
  return ['http', 'tls', 'tcp'].flatMap((list) =>
    listAt(spec, list).flatMap((rule, index) => [
      ...listAt(rule, 'route').flatMap((route, place) =>
        read(mapAt(route, 'destination'), 'route', ['spec', list, index, 'route', place, 'destination']),
      ),
      ...read(mapAt(rule, 'mirror'), 'mirror', ['spec', list, index, 'mirror']),
      ...listAt(rule, 'mirrors').flatMap((mirror, place) =>
        read(mapAt(mirror, 'destination'), 'mirror', ['spec', list, index, 'mirrors', place, 'destination']),
      ),
    ]),
  )
}

/** The gateways that a virtual service is bound to, by their full names; "mesh" when it names none. */
export function gatewaysOf({ spec, namespace }: Subject): readonly string[] {
  const gateways = stringsAt(spec, 'gateways')
  return gateways.length === 0 ? ['mesh'] : gateways.map((gateway) => fullGateway(gateway, namespace))
}

export function isBoundToMesh(subject: Subject): boolean {
  return gatewaysOf(subject).includes('mesh')
}

/** Rules of a list such as `http` that are maps, with their index. */
export function rulesOf(spec: Json, list: string): readonly (readonly [number, Json])[] {
  return listAt(spec, list).flatMap((rule, index) => (isMap(rule) ? [[index, rule] as const] : []))
}

function read(
  destination: Json | undefined,
  role: RouteDestination['role'],
  path: FieldPath,
): readonly RouteDestination[] {
  const host = textAt(destination, 'host')
  if (host === '') return []
  return [{ host, subset: textAt(destination, 'subset'), port: numberAt(destination, 'port', 'number'), role, path }]
}
