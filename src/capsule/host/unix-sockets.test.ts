import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePathSockets } from './unix-sockets.ts'

test('sockets with a path are read, unnamed, abstract and relative ones are not', () => {
  const text = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 22801 /run/user/1000/bus
0000000000000000: 00000003 00000000 00000000 0001 03  1576
0000000000000000: 00000002 00000000 00010000 0001 01 17 @/tmp/.X11-unix/X0
0000000000000000: 00000002 00000000 00000000 0002 01 900 /tmp/with blank.sock
0000000000000000: 00000002 00000000 00010000 0001 01 18 relative.sock
`
  assert.deepEqual(parsePathSockets(text), [
    { path: '/run/user/1000/bus', inode: '22801' },
    { path: '/tmp/with blank.sock', inode: '900' },
  ])
})
