// The official Node SDK as a contender: one traced request, as driver/src/item.rs and ours/src/request.rs have it.
// It speaks the protocol of driver/src/serve.rs. Its first argument is a folder that has the SDK installed.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

const require = createRequire(join(resolve(process.argv[2]), "package.json"));
const xray = require("aws-xray-sdk-core");
const emitter = require("aws-xray-sdk-core/dist/lib/segment_emitter");
const SqlData = require("aws-xray-sdk-core/dist/lib/database/sql_data");

// Requests in one turn of the loop; a clock that counts microseconds needs some.
const BURST = 32;
const POOL = 256;

const now = Math.floor(Date.now() / 1000);
const hex = (value, digits) => value.toString(16).padStart(digits, "0");
const padded = (value, digits) => value.toString().padStart(digits, "0");

const items = Array.from({ length: POOL }, (_, number) => {
  const spread = (BigInt(number + 1) * 0x9e3779b97f4a7c15n) % 2n ** 64n;
  return {
    trace: `1-${hex(now, 8)}-${hex(((spread << 32n) | BigInt(number)) % 2n ** 96n, 24)}`,
    parent: hex(spread | 1n, 16),
    url: `https://shop.example.com/orders/${padded(number, 5)}/items/${padded(spread % 10000n, 4)}`,
    userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/${20100101 + number}`,
    remoteUrl: `https://payments.example.com/v1/charges/${hex(spread, 16)}`,
    databaseUrl: `postgresql://db-${padded(number % 64, 2)}.internal:5432/orders`,
    customer: `customer-${padded(spread % 1000000n, 6)}`,
    shard: `shard-${padded(spread % 1000n, 3)}`,
    template: `order-${padded(number, 4)}`,
    attempt: number % 3,
    rows: Number(spread % 100n),
    cached: number % 2 === 0,
  };
});

function request(item, sampled) {
  const segment = new xray.Segment("orders", item.trace, item.parent);
  segment.notTraced = !sampled;
  segment.addIncomingRequestData({ request: { method: "GET", url: item.url, user_agent: item.userAgent } });

  const call = segment.addNewSubsegment("payments.example.com");
  call.addAttribute("namespace", "remote");
  call.addAttribute("http", { request: { method: "POST", url: item.remoteUrl }, response: { status: 201 } });
  call.addAnnotation("customer", item.customer);
  call.addAnnotation("attempt", item.attempt);
  call.close();

  const query = segment.addNewSubsegment("orders@db.internal");
  query.addAttribute("namespace", "remote");
  const sql = new SqlData(undefined, undefined, "orders", item.databaseUrl);
  sql.database_type = "PostgreSQL";
  sql.sanitized_query = "SELECT id, state, total FROM orders WHERE id = $1";
  query.addSqlData(sql);
  query.addAnnotation("shard", item.shard);
  query.addAnnotation("rows", item.rows);
  query.close();

  const render = segment.addNewSubsegment("render");
  render.addAnnotation("template", item.template);
  render.addAnnotation("cached", item.cached);
  render.close();

  segment.http.response = { status: 200 };
  segment.close();
}

// Microseconds of the processor.
function spent(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

// Gives what the requests' own turns of the loop took: what is sent leaves in later ones.
async function run(times, sampled) {
  let own = 0;
  for (let done = 0; done < times; ) {
    const end = Math.min(done + BURST, times);
    const before = process.cpuUsage();
    for (; done < end; done++) request(items[done % POOL], sampled);
    own += spent(before);
    if (sampled) do await turn(); while (emitter.socket?.getSendQueueCount());
  }
  return own;
}

const version = require("aws-xray-sdk-core/package.json").version;
console.log(`Node ${process.version.slice(1)}, aws-xray-sdk-core ${version}`);
console.log("sampled\tunsampled");
for await (const line of createInterface({ input: process.stdin })) {
  const [, name, text] = line.split("\t");
  const times = Number(text);
  const before = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const own = await run(times, name === "sampled");
  const wall = Number(process.hrtime.bigint() - begin);
  const all = spent(before);
  console.log(
    JSON.stringify({ operations: times, total: own * 1000, cpu_ns: all * 1000, wall_ns: wall, lost: 0 }),
  );
}
