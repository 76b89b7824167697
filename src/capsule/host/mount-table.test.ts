import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWithin } from '#base/is-within.ts'
import { everyPathOf, parseMountTable } from './mount-table.ts'

const table = parseMountTable(`21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:20 / /run rw - tmpfs tmpfs rw
23 21 254:0 /srv/data /mnt/with\\040blank rw master:2 - ext4 /dev/vda rw
24 21 254:0 / /mnt/all rw - ext4 /dev/vda rw
25 21 0:20 /user /var/users rw - tmpfs tmpfs rw
`)

test('a path has another name wherever its file system is mounted again', () => {
  assert.deepEqual(everyPathOf('/srv/data/a.sock', table), [
    '/srv/data/a.sock',
    '/mnt/with blank/a.sock',
    '/mnt/all/srv/data/a.sock',
  ])
  assert.deepEqual(everyPathOf('/run/user/1000', table), ['/run/user/1000', '/var/users/1000'])
})

test('a path that is mounted once has one name', () => {
  assert.deepEqual(everyPathOf('/run/docker.sock', table), ['/run/docker.sock'])
})

test('a directory that only begins alike does not hold a path', () => {
  assert.equal(isWithin('/runtime/x', '/run'), false)
  assert.equal(isWithin('/run/x', '/run'), true)
  assert.equal(isWithin('/run', '/run'), true)
})
