import type { Destination } from '#capsule/capsule.ts'

/** Reads the elements of the sets that the firewall remembers refused datagrams in: "ADDRESS . PORT", as `nft -n list` prints them. */
export function destinationsIn(listing: string): readonly Destination[] {
  return [...listing.matchAll(/([0-9a-f:.]+) \. (\d+)/g)].map(([, ip, port]) => ({
    ip: ip as string,
    port: Number(port),
  }))
}
