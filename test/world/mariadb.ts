import { execFile, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const START_LIMIT_MS = 30_000
const ROOT_PASSWORD = 'password'
/** What both servers hold: Bookinfo's ratings, unmodified. */
const RATINGS = join(import.meta.dirname, '..', '..', 'samples/bookinfo/src/mysql/mysqldb-init.sql')
const ACCOUNTS = `
CREATE USER 'bookinfo'@'%' IDENTIFIED BY 'bookinfo';
GRANT SELECT ON test.ratings TO 'bookinfo'@'%';
CREATE USER 'root'@'%' IDENTIFIED BY '${ROOT_PASSWORD}';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
`

/** One database server: where it listens and what it holds besides the ratings. */
export interface MariadbServer {
  readonly address: string
  readonly sql: string
}

/** Two servers on one port: the second rates everything 1, so that an answer tells which one gave it. */
export const MARIADB_SERVERS: readonly MariadbServer[] = [
  { address: '34.66.10.20', sql: '' },
  { address: '34.66.10.21', sql: 'UPDATE test.ratings SET Rating = 1;' },
]

/** Starts real MariaDB servers on port 3306, each with its own data under `directory`. */
export async function startMariadb(servers: readonly MariadbServer[], directory: string): Promise<void> {
  const pristine = join(directory, 'mariadb')
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  await run('mariadb-install-db', [
    '--no-defaults',
    ...asRoot,
    `--datadir=${pristine}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    '--innodb-log-file-size=4M',
  ])
  await Promise.all(
    servers.map(async (server) => {
      const data = `${pristine}-${server.address}`
      await cp(pristine, data, { recursive: true })
      await startServer(server, data, asRoot)
    }),
  )
}

async function startServer(server: MariadbServer, data: string, asRoot: readonly string[]): Promise<void> {
  const socket = join(data, 'mariadbd.sock')
  const log = join(data, 'error.log')
  const child = spawn(
    'mariadbd',
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      `--bind-address=${server.address}`,
      '--port=3306',
      `--socket=${socket}`,
      '--skip-name-resolve',
      '--innodb-log-file-size=4M',
      '--innodb-buffer-pool-size=16M',
      '--innodb-flush-log-at-trx-commit=0',
      '--skip-log-bin',
    ],
    { stdio: ['ignore', 'ignore', openSync(log, 'w')] },
  )
  const deadline = Date.now() + START_LIMIT_MS
  while (!existsSync(socket)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`mariadbd on ${server.address} did not start: ${readFileSync(log, 'utf8').trim()}`)
    }
    await wait(20)
  }
  const client = run('mariadb', ['--no-defaults', `--socket=${socket}`, '--user=root'])
  client.child.stdin?.end(`${readFileSync(RATINGS, 'utf8')}\n${ACCOUNTS}\n${server.sql}\n`)
  await client
}
