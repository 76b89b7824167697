import { isAbsolute } from 'node:path'
import { isSocketFile } from './unix-sockets.ts'

/** Variables that name a service of the host which the program cannot reach, or a descriptor it does not have. */
const removed = [
  'DBUS_SESSION_BUS_ADDRESS',
  'DBUS_SYSTEM_BUS_ADDRESS',
  'DISPLAY',
  'GPG_AGENT_INFO',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PID',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  'NOTIFY_SOCKET',
  'STY',
  'TMUX',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
]

/** The program's environment: the caller's, less what points at hidden sockets. Shared sockets keep their variables. */
export function environmentInside(
  env: NodeJS.ProcessEnv,
  sharedSockets: readonly string[],
  runtimeDirectory: string | undefined,
): Record<string, string> {
  const inside: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue
    const socket = socketPathOf(value)
    const isShared = socket !== undefined && sharedSockets.includes(socket)
    const isHidden = removed.includes(name) || (socket !== undefined && isSocketFile(socket))
    if (isShared || !isHidden) inside[name] = value
  }
  if (runtimeDirectory !== undefined) inside.XDG_RUNTIME_DIR = runtimeDirectory
  else delete inside.XDG_RUNTIME_DIR
  return inside
}

/** `/run/x.sock`, `unix:/run/x.sock`, `unix:///run/x.sock`, `unix:path=/run/x.sock,guid=...`: the path. */
function socketPathOf(value: string): string | undefined {
  const [path = ''] = value.replace(/^unix:(path=|\/\/(?=\/))?/, '').split(',')
  return isAbsolute(path) ? path : undefined
}
