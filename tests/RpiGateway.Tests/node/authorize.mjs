// node authorize.mjs URL PROTOCOL_VERSION USER SECRET PUBLISH_TOPIC SUBSCRIBE_FILTER: attaches with those credentials ('' for none), subscribes, and
// publishes at QoS 1; prints a line for what became of each. Stays attached, and says when it is closed and why.
import mqtt from 'mqtt'

const [url, protocolVersion, username, password, topic, filter] = process.argv.slice(2)
const client = mqtt.connect(url, {
  protocolVersion: Number(protocolVersion), reconnectPeriod: 0, ...(username && { username }), ...(password && { password }),
})
client.on('error', error => console.log(`refused ${error.code}`))
client.on('disconnect', packet => console.log(`disconnected ${packet.reasonCode}`))
client.on('close', () => console.log('closed'))
client.on('connect', async () => {
  console.log('attached')
  try {
    const [granted] = await client.subscribeAsync(filter, { qos: 1 })
    console.log(granted && granted.qos < 128 ? 'subscribed' : 'subscription refused')
  } catch {
    console.log('subscription refused')
  }
  client.publish(topic, 'x', { qos: 1 }, error => console.log(error ? `publish refused ${error.code}` : 'published'))
})
