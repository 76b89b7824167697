import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { badRequest, forbidden } from '#kube/status-errors.ts'
import type { Tokens } from './tokens.ts'
import { ADMIN_GROUP, AUTHENTICATED_GROUP, type User } from './user.ts'

/**
 * Who sends a request: the subject of a client certificate that the authority issued, or the user of a bearer token. Undefined when
 * neither is there, or when what is there is not accepted.
 */
export function authenticate(request: IncomingMessage, tokens: Tokens): User | undefined {
  const user = userOfCertificate(request.socket as TLSSocket) ?? userOfToken(request, tokens)
  return user && { name: user.name, groups: [...new Set([...user.groups, AUTHENTICATED_GROUP])] }
}

/**
 * Whom a request acts for (`kubectl --as`): administrators may act for anybody, others for nobody. Throws a StatusError `Forbidden`.
 */
export function actingUser(user: User, request: IncomingMessage): User {
  if (!Object.keys(request.headers).some((name) => name.startsWith('impersonate-'))) return user
  const headers = request.headersDistinct
  const [name] = headers['impersonate-user'] ?? []
  if (name === undefined) throw badRequest('requested to act for groups, a uid or extra fields without a user')
  if (!user.groups.includes(ADMIN_GROUP)) {
    const attempt = { user: user.name, verb: 'impersonate', group: '', plural: 'users', name, namespace: '' }
    throw forbidden(attempt)
  }
  return { name, groups: [...new Set([...(headers['impersonate-group'] ?? []), AUTHENTICATED_GROUP])] }
}

/** Whom the certificate of each connection names: it is read once, which costs more than the rest of a small request. */
const usersOfConnections = new WeakMap<TLSSocket, User | undefined>()

function userOfCertificate(socket: TLSSocket): User | undefined {
  if (!usersOfConnections.has(socket)) usersOfConnections.set(socket, readCertificate(socket))
  return usersOfConnections.get(socket)
}

function readCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject as
    | Readonly<Record<string, string | string[] | undefined>>
    | undefined
  const name = listOf(subject?.CN)[0]
  return name === undefined ? undefined : { name, groups: listOf(subject?.O) }
}

function userOfToken(request: IncomingMessage, tokens: Tokens): User | undefined {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : tokens.userOf(token)
}

function listOf(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}
