// node send.mjs URL text|binary MESSAGE...: sends each message (binary ones given as hex) and closes.
import WebSocket from 'ws'

const [url, kind, ...messages] = process.argv.slice(2)
const socket = new WebSocket(url)
socket.on('error', error => {
  console.error(error.message)
  process.exit(1)
})
socket.on('open', () => {
  for (const message of messages) socket.send(kind === 'text' ? message : Buffer.from(message, 'hex'))
  socket.close(1000)
})
socket.on('close', code => console.log(`closed ${code}`))
