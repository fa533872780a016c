// node --expose-gc echo-server.mjs WINDOW_BITS: a ws server on 127.0.0.1 that sends each message back; with permessage-deflate unless the bits are
// 0. Prints its port. Ends with its input; a line of input collects garbage and is answered with the bytes of the heap.
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'

const bits = Number(process.argv[2])
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: bits > 0 && { serverMaxWindowBits: bits, clientMaxWindowBits: bits, threshold: 0 }
})
server.on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.on('listening', () => console.log(server.address().port))
createInterface(process.stdin).on('line', () => {
  globalThis.gc()
  console.log(process.memoryUsage().heapUsed)
}).on('close', () => process.exit())
