// node subscribe.mjs URL PROTOCOL_VERSION TOPIC: prints "subscribed", then each message as one JSON line.
import mqtt from 'mqtt'

const [url, protocolVersion, topic] = process.argv.slice(2)
const client = mqtt.connect(url, { protocolVersion: Number(protocolVersion), reconnectPeriod: 0 })
client.on('error', error => {
  console.error(error.message)
  process.exit(1)
})
client.on('connect', async () => {
  await client.subscribeAsync(topic, { qos: 1 })
  console.log('subscribed')
})
client.on('message', (topic, payload) => console.log(JSON.stringify({ topic, hex: payload.toString('hex') })))
