import { execFile } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { promisify } from 'node:util'
import { Fault, messageOf } from '#base/fault.ts'
import { ownEnvironment } from '#base/own-environment.ts'
import type { Capsule } from './capsule.ts'
import { createCapsule } from './create-capsule.ts'
import { forbiddingSwitch } from './host/refusal.ts'
import { rootCommand } from './root-command.ts'

/** Something that capsules need of this machine, and whether it is there. */
export interface Requirement {
  readonly name: string
  /** `warning`: capsules work, with less defence or less room. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  /** The command or sentence that mends it. */
  readonly mend: string | undefined
}

const minimumKernel = { major: 5, minor: 12 }
const ampleFiles = 4096

/** Looks at everything a capsule needs; the last look builds one and runs `true` in it. */
export async function inspectRequirements(): Promise<readonly Requirement[]> {
  const tools = await Promise.all([
    inspectTool('util-linux', 'unshare', ['--version']),
    inspectTool('util-linux', 'setpriv', ['--version']),
    inspectTool('mount', 'mount', ['--version']),
    inspectTool('iproute2', 'ip', ['-V']),
    inspectTool('nftables', 'nft', ['--version']),
  ])
  const [capsule, gaps] = await inspectCapsule()
  return [inspectKernel(), inspectNamespaces(), ...tools, inspectResolver(), inspectFileLimit(), capsule, ...gaps]
}

function ok(name: string, detail: string): Requirement {
  return { name, status: 'ok', detail, mend: undefined }
}

/** mount_setattr(2), which makes whole trees read-only, came with Linux 5.12. */
function inspectKernel(): Requirement {
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  const wanted = `${minimumKernel.major}.${minimumKernel.minor}`
  if (major > minimumKernel.major || (major === minimumKernel.major && minor >= minimumKernel.minor)) {
    return ok('kernel', `Linux ${release}`)
  }
  return {
    name: 'kernel',
    status: 'failed',
    detail: `Linux ${release}`,
    mend: `upgrade the kernel: capsules need Linux ${wanted} or newer`,
  }
}

function inspectNamespaces(): Requirement {
  const name = 'user namespaces'
  const forbidding = forbiddingSwitch()
  if (forbidding === undefined) return ok(name, 'allowed')
  return { name, status: 'failed', detail: `forbidden by ${forbidding.file}`, mend: forbidding.mend }
}

async function inspectTool(debianPackage: string, tool: string, args: readonly string[]): Promise<Requirement> {
  const env = { ...ownEnvironment(process.env), LC_ALL: 'C' }
  try {
    const { stdout } = await promisify(execFile)(tool, [...args], { env, timeout: 10_000 })
    return ok(tool, stdout.split('\n')[0]?.trim() ?? '')
  } catch (error) {
    return {
      name: tool,
      status: 'failed',
      detail: messageOf(error).split('\n')[0] ?? '',
      mend: rootCommand(`apt-get install -y ${debianPackage}`),
    }
  }
}

/** @param file default: the machine's own */
export function inspectResolver(file = '/etc/resolv.conf'): Requirement {
  const name = 'resolver'
  const warning = (detail: string, script: string): Requirement => {
    const command = rootCommand(`sh -c '${script} ${file}'`)
    return { name, status: 'warning', detail, mend: `${command}  # or the server of your network` }
  }
  try {
    const path = realpathSync(file)
    const servers = readFileSync(path, 'utf8').match(/^\s*nameserver\s+\S+/gm) ?? []
    if (servers.length > 0) return ok(name, `${servers.length} in ${path}`)
    // Its last line may have no end.
    return warning(`${path} names no server`, 'printf "\\nnameserver 1.1.1.1\\n" >>')
  } catch (error) {
    const detail = messageOf(error)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') return { name, status: 'warning', detail, mend: rootCommand(`chmod a+r ${file}`) }
    // It may be a link to what is not there.
    return warning(detail, `rm -f ${file} && echo nameserver 1.1.1.1 >`)
  }
}

/** A sidecar needs two descriptors for each connection it carries. */
function inspectFileLimit(): Requirement {
  const name = 'open files'
  const [, hard = '0'] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  if (hard === 'unlimited' || Number(hard) >= ampleFiles) return ok(name, `hard limit ${hard}`)
  return {
    name,
    status: 'warning',
    detail: `hard limit ${hard}: ${Math.floor(Number(hard) / 2)} connections`,
    mend: rootCommand(`prlimit --pid $$ --nofile=${ampleFiles}`),
  }
}

/** The proof: redirection, conntrack, mounts, id maps and the filter all have to work for this. */
async function inspectCapsule(): Promise<readonly [Requirement, readonly Requirement[]]> {
  let capsule: Capsule | undefined
  try {
    capsule = await createCapsule({
      command: ['/bin/sh', '-c', 'true'],
      env: process.env,
      cwd: '/',
      sharedSockets: [],
    })
    await capsule.start()
    await capsule.exited
    return [ok('a capsule', 'built, ran "true", ended'), capsule.gaps.map(asWarning)]
  } catch (error) {
    const mend = error instanceof Fault ? error.mend : undefined
    return [{ name: 'a capsule', status: 'failed', detail: messageOf(error), mend }, []]
  } finally {
    capsule?.destroy()
  }
}

function asWarning(gap: string): Requirement {
  return {
    name: 'defences',
    status: 'warning',
    detail: gap,
    mend: 'upgrade the kernel; docs/security.md tells what this means',
  }
}
