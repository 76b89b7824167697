import { isIP } from 'node:net'
import type { NameTable } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { NameRecord } from './model.ts'
import type { Place } from './place.ts'

/** Names in lower case; an alternative host never takes the place of a name's own record. */
export function decodeNameTable({ table }: NameTable, place: Place): Map<string, NameRecord> {
  const names = new Map<string, NameRecord>()
  for (const [host, { ips, registry }] of Object.entries(table)) {
    for (const ip of ips) if (isIP(ip) === 0) place.at(`table["${host}"].ips`).error(`"${ip}" is not an IP address`)
    names.set(host.toLowerCase(), { ips, registry })
  }
  for (const { ips, registry, altHosts } of Object.values(table))
    for (const host of altHosts) if (!names.has(host.toLowerCase())) names.set(host.toLowerCase(), { ips, registry })
  return names
}
