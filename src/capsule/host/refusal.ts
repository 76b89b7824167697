import { readFileSync } from 'node:fs'
import { Fault } from '#base/fault.ts'
import { rootCommand } from '#capsule/root-command.ts'

/** Settings that forbid user namespaces: whether to root, too, the value that forbids, and the command that allows. */
const switches = [
  {
    bindsRoot: true,
    file: '/proc/sys/user/max_user_namespaces',
    forbids: '0',
    mend: rootCommand('sysctl -w user.max_user_namespaces=15000'),
  },
  {
    bindsRoot: false,
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: '0',
    mend: rootCommand('sysctl -w kernel.unprivileged_userns_clone=1'),
  },
  {
    bindsRoot: false,
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    mend: rootCommand('sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'),
  },
]

const cooperative = 'or run with --cooperative, which asks the program to use a proxy instead of sealing it'

/** Why no capsule came to be, from what `unshare` said before it ended. */
export function refusalOf(said: string): Fault {
  const text = said.trim()
  if (!text.includes('unshare')) {
    return new Fault(
      'capsule/build',
      `the capsule ended before its program was started${text === '' ? '' : `: ${text}`}`,
      { mend: 'postern doctor' },
    )
  }
  return new Fault('capsule/user-namespaces-forbidden', `this system does not let this user make namespaces: ${text}`, {
    mend: `${forbiddingSwitch()?.mend ?? 'in a container, allow user namespaces (for example --security-opt seccomp=unconfined)'}; ${cooperative}`,
  })
}

/** The setting that forbids user namespaces here, if one does. */
export function forbiddingSwitch(): { readonly file: string; readonly mend: string } | undefined {
  const isRoot = process.getuid?.() === 0
  return switches.find(({ file, forbids, bindsRoot }) => (bindsRoot || !isRoot) && settingOf(file) === forbids)
}

export function toolMissing(cause: Error): Fault {
  return new Fault('capsule/tool-missing', `cannot run "setpriv": ${cause.message}`, {
    mend: rootCommand('apt-get install -y util-linux'),
    cause,
  })
}

function settingOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
