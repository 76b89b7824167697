import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { addProxyConfigVerb, type ProxyConfigAnswer, type ProxyConfigQuestion } from '#cli/proxy-config.ts'
import { addWhyVerb } from '#cli/why.ts'
import { buildMesh } from '#control/mesh/mesh.ts'
import { describeRejection } from '#control/mesh/rejection.ts'
import { dumpResources } from '#control/translate/dump.ts'
import { proxyNodeOf } from '#control/translate/proxy-node.ts'
import { translate } from '#control/translate/translation.ts'
import { askMesh } from './ask-mesh.ts'
import { explainCall } from './explain-call.ts'
import { meshPlace } from './mesh-place.ts'
import { notice } from './notice.ts'
import { inputOffline } from './offline.ts'
import { sidecarNode } from './sidecar-node.ts'
import { stateDirectory } from './state-directory.ts'

/** The verbs that say what a sidecar would be sent, and what it would do. */
export function addInspectionVerbs(program: Command): void {
  addWhyVerb(program, (text) => process.stdout.write(text), explainCall)
  addProxyConfigVerb(program, process, dumpProxyConfig)
}

const INSTANCE_IPS = { v4: '127.0.0.1', v6: '::1', dual: '127.0.0.1,::1' }

async function dumpProxyConfig(question: ProxyConfigQuestion): Promise<ProxyConfigAnswer> {
  const { proxy, files, namespace } = question
  if (proxy !== undefined && files.length > 0) {
    throw new Fault('inspect/two-sources', `-f answers for files, "${proxy}" for the mesh that is up: give one of them`)
  }
  return proxy === undefined ? dumpOffline(question) : dumpLive(proxy.includes('.') ? proxy : `${proxy}.${namespace}`)
}

async function dumpLive(proxy: string): Promise<ProxyConfigAnswer> {
  const { admin } = meshPlace(stateDirectory(undefined))
  const dump = await askMesh(admin, 'GET', `/config_dump?proxy=${encodeURIComponent(proxy)}`)
  if (dump === undefined) throw new Fault('mesh/down', 'no mesh is up', { mend: 'start one:  postern up' })
  if ('clusters' in (dump as object)) return dump as ProxyConfigAnswer
  throw new Fault('inspect/no-proxy', `no proxy "${proxy}" is connected`, {
    mend: 'postern proxy-status lists those that are',
  })
}

function dumpOffline(question: ProxyConfigQuestion): ProxyConfigAnswer {
  const workload = { name: 'proxy-config', namespace: question.namespace }
  const node = sidecarNode(workload, question.labels)
  const metadata = { ...node.metadata, INSTANCE_IPS: INSTANCE_IPS[question.ipFamilies] }
  const mesh = buildMesh(inputOffline(question.files, { policy: question.policy }, notice))
  const translation = translate(mesh, proxyNodeOf({ ...node, metadata }))
  for (const rejection of translation.rejections) notice(describeRejection(rejection))
  return dumpResources(translation)
}
