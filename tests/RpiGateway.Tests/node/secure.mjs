// node secure.mjs URL ROOT MESSAGE: sends the message over wss, trusting the root in that PEM file alone, and closes.
import { readFileSync } from 'node:fs'
import WebSocket from 'ws'

const [url, root, message] = process.argv.slice(2)
const socket = new WebSocket(url, { ca: readFileSync(root) })
socket.on('error', error => {
  console.error(error.message)
  process.exit(1)
})
socket.on('open', () => {
  socket.send(message)
  socket.close(1000)
})
socket.on('close', code => console.log(`closed ${code}`))
