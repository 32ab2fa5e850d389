// Reads database mart with @clickhouse/client and prints what it saw as JSON.
import { createRequire } from 'node:module'

const { createClient } = createRequire(process.env.CH_MODULES + '/')('@clickhouse/client')
const client = createClient({
  url: `http://${process.env.CH_HOST}:${process.env.CH_PORT}`, username: process.env.CH_USER, password: process.env.CH_PASSWORD, database: 'mart',
})
const ask = async (query, query_params = {}) => (await client.query({ query, query_params, format: 'JSONCompact' })).json()
const count = async (query, params) => Number((await ask(query, params)).data[0][0])

const views = {}
for (const [name] of (await ask('SHOW TABLES FROM mart')).data) {
  const { meta, data } = await ask(`SELECT * FROM mart.${name} LIMIT 500`)
  const columns = meta.map(({ name, type }, at) => ({
    name, type, seen: [...new Set(data.map((row) => row[at]).filter((v) => v !== null).map((v) => typeof v))].sort(),
  }))
  views[name] = { rows: await count(`SELECT count() FROM mart.${name}`), columns }
  if (meta.some((c) => c.name === 'session')) {
    views[name].since = await count(`SELECT count() FROM mart.${name} WHERE session >= {since:Date}`, { since: process.env.CH_SINCE })
  }
}
const refused = []
for (const query of JSON.parse(process.env.CH_REFUSED)) {
  refused.push(await client.command({ query }).then(() => '', (e) => String(e.message).slice(0, 300)))
}
console.log(JSON.stringify({ views, refused }))
await client.close()
