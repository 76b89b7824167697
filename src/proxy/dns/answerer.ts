import { addressBytes } from '#base/ip-address.ts'
import { encodeName } from './domain-name.ts'
import type { NameBook } from './name-book.ts'
import type { DnsPolicy, NameVerdict, Prefixes } from './policy.ts'
import type { Question } from './query.ts'
import { CLASS_IN, RCODE, TYPE } from './record-type.ts'
import type { Reply } from './reply.ts'
import { reverseAddress } from './reverse-name.ts'

/** Seconds that answers of ours hold (spec 3.13): short, because configuration changes. */
const TTL_SECONDS = 30

/** What to do with a question: answer it, or ask a resolver and see. */
export type Decision =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** `prefer`: addresses that may be dialled; when none of the true ones is among them, `otherwise` is done. */
  | { readonly kind: 'ask'; readonly prefer: Prefixes | undefined; readonly otherwise: 'true answer' | 'synthetic' }

const ASK: Decision = { kind: 'ask', prefer: undefined, otherwise: 'true answer' }
export const REFUSED: Reply = { rcode: RCODE.REFUSED, authoritative: false, records: [] }
const EMPTY: Reply = { rcode: RCODE.NOERROR, authoritative: true, records: [] }
const NXDOMAIN: Reply = { rcode: RCODE.NXDOMAIN, authoritative: true, records: [] }

/** Decides on a question without asking anybody. */
export function decide(question: Question, policy: DnsPolicy, book: NameBook): Decision {
  if (question.class !== CLASS_IN || isMetaType(question.type)) return { kind: 'reply', reply: REFUSED }
  if (question.type === TYPE.PTR) {
    const address = reverseAddress(question.name)
    if (address !== undefined) return decideReverse(address, policy, book)
  }
  const verdict = policy.verdictOf(question.name)
  // Never handed on: what they say (ECH keys, QUIC) would take the server name out of our sight.
  if (question.type === TYPE.HTTPS || question.type === TYPE.SVCB) {
    return { kind: 'reply', reply: verdict.kind === 'nowhere' ? NXDOMAIN : EMPTY }
  }
  const isAddress = question.type === TYPE.A || question.type === TYPE.AAAA
  return isAddress ? decideAddress(question, verdict, book) : decideOther(verdict)
}

function decideAddress(question: Question, verdict: NameVerdict, book: NameBook): Decision {
  if (verdict.kind === 'ask') return { kind: 'ask', prefer: verdict.prefer, otherwise: 'true answer' }
  if (verdict.kind === 'ask_within') return { kind: 'ask', prefer: verdict.prefixes, otherwise: 'synthetic' }
  if (verdict.kind === 'nowhere') return { kind: 'reply', reply: NXDOMAIN }
  if (verdict.kind === 'localhost') return { kind: 'reply', reply: addressReply(question.type, ['127.0.0.1', '::1']) }
  if (verdict.kind === 'synthetic') return { kind: 'reply', reply: syntheticReply(question, book) }
  const { ips } = verdict.record
  for (const ip of ips) book.remember(ip, question.name)
  return { kind: 'reply', reply: addressReply(question.type, shuffled(ips)) }
}

/** TXT, MX, SRV and the like: nothing is known of them here. */
function decideOther(verdict: NameVerdict): Decision {
  if (verdict.kind === 'ask' || (verdict.kind === 'known' && verdict.mayAsk)) return ASK
  return { kind: 'reply', reply: verdict.kind === 'nowhere' ? NXDOMAIN : EMPTY }
}

function decideReverse(address: string, policy: DnsPolicy, book: NameBook): Decision {
  const name = address === '127.0.0.1' || address === '::1' ? 'localhost' : book.nameOf(address)
  const data = name === undefined ? undefined : encodeName(name)
  if (data === undefined) return policy.asksAll ? ASK : { kind: 'reply', reply: NXDOMAIN }
  return { kind: 'reply', reply: { ...EMPTY, records: [{ type: TYPE.PTR, ttl: TTL_SECONDS, data }] } }
}

/** The made-up address of a name that nobody may reach. */
export function syntheticReply(question: Question, book: NameBook): Reply {
  const made = book.synthetic(question.name)
  return made === undefined ? REFUSED : addressReply(question.type, [made.ipv4, made.ipv6])
}

/** Addresses of the family that was asked for; others are left out. */
export function addressReply(type: number, ips: readonly string[], ttl = TTL_SECONDS): Reply {
  const length = type === TYPE.A ? 4 : 16
  const records = ips.flatMap((ip) => {
    const bytes = addressBytes(ip)
    return bytes?.length === length ? [{ type, ttl, data: Buffer.from(bytes) }] : []
  })
  return { ...EMPTY, records }
}

/** Types that are no data: zone transfers, ANY, signatures, and what is not assigned. */
function isMetaType(type: number): boolean {
  return type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255)
}

function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1))
    const held = mixed[at] as T
    mixed[at] = mixed[other] as T
    mixed[other] = held
  }
  return mixed
}
