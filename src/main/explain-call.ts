import { isIP } from 'node:net'
import { formatHostPort } from '#base/host-port.ts'
import type { WhyAnswer, WhyQuestion } from '#cli/why.ts'
import { compileResources } from '#proxy/config/compile-resources.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import { type Decision, decide, type HypotheticalCall, Matchers } from '#proxy/decision/decide.ts'
import { hypotheticalCall } from '#proxy/decision/hypothetical-call.ts'
import { compileDenialIndex } from '#proxy/denial/denial-index.ts'
import { explainDenial, type RefusedCall } from '#proxy/denial/explain.ts'
import { whyDenied } from '#proxy/denial/sentence.ts'
import { notice } from './notice.ts'
import { inputOffline, resourcesOffline } from './offline.ts'
import { sidecarNode } from './sidecar-node.ts'

/** `postern why`: compiles the files as the control plane and the sidecar would, and asks the result. */
export async function explainCall(question: WhyQuestion): Promise<WhyAnswer> {
  const node = sidecarNode({ name: 'why', namespace: question.namespace }, {})
  const input = inputOffline(question.files, { policy: question.policy }, notice)
  const { config, errors } = compileResources(resourcesOffline(input, node, notice))
  for (const error of errors) notice(error)
  const call = hypotheticalCall(config, question)
  const decided = decide(new Matchers(config), call)
  const decision: Decision = isAnswerForAnother(question, decided)
    ? { ...decided, verdict: 'deny', reason: 'address_mismatch' }
    : decided
  return answerFor(config, question, call, decision)
}

/** The application looks up another name than the one that its port alone leads to. */
function isAnswerForAnother({ destination }: WhyQuestion, { ifAnsweredFor }: Decision): boolean {
  if (ifAnsweredFor === undefined || isIP(destination) !== 0) return false
  const name = destination.toLowerCase().replace(/\.$/, '')
  const host = ifAnsweredFor.toLowerCase()
  return host.startsWith('*.') ? !name.endsWith(host.slice(1)) : name !== host
}

function answerFor(config: ProxyConfig, question: WhyQuestion, call: HypotheticalCall, decision: Decision): WhyAnswer {
  return {
    verdict: decision.verdict,
    destination: formatHostPort(call.ip, call.port),
    protocol: call.protocol,
    cluster: decision.cluster ?? null,
    listener: decision.listener || null,
    filterChain: decision.filterChain || null,
    virtualHost: decision.virtualHost ?? null,
    route: decision.route || null,
    status: decision.status ?? null,
    reason: decision.reason,
    explanation:
      decision.verdict === 'deny' ? [explanationOf(config, question, call, decision)] : conditionOf(question, decision),
  }
}

/** An address that the application dials by itself counts only as an answer of DNS; one that it looks up is one. */
function conditionOf({ destination }: WhyQuestion, { ifAnsweredFor }: Decision): readonly string[] {
  if (ifAnsweredFor === undefined || isIP(destination) === 0) return []
  return [`only after the application was answered this address for ${ifAnsweredFor}; address_mismatch otherwise`]
}

/** The name that a sidecar would know the call by. */
function nameIn({ sni, host, destination }: WhyQuestion): Pick<RefusedCall, 'host' | 'hostKnownBy'> {
  if (sni !== undefined) return { host: sni, hostKnownBy: 'sni' }
  if (host !== undefined) return { host, hostKnownBy: 'host' }
  return isIP(destination) === 0
    ? { host: destination, hostKnownBy: 'dns' }
    : { host: undefined, hostKnownBy: undefined }
}

function explanationOf(
  config: ProxyConfig,
  question: WhyQuestion,
  call: HypotheticalCall,
  { reason: decided, cluster }: Decision,
): string {
  const { host, hostKnownBy } = nameIn(question)
  const service = config.clusters.get(cluster ?? '')?.service
  const { reason, nearest } = explainDenial(compileDenialIndex(config), {
    ip: call.ip,
    port: call.port,
    host,
    hostKnownBy,
    protocol: call.protocol,
    ...(decided === 'local_address' || decided === 'address_mismatch' ? { refusal: { reason: decided, service } } : {}),
  })
  return whyDenied({
    time: '',
    workload: { name: 'why', namespace: question.namespace },
    destination: { ip: call.ip, port: call.port },
    host,
    hostKnownBy: undefined,
    protocol: call.protocol,
    reason,
    nearest,
    configVersion: config.version,
  })
}
