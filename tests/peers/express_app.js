// An Express app recorded by the official Node SDK, for tests/official_sdks.rs.
//
// Usage: express_app.js DAEMON_ADDRESS
//
// Binds a free port and prints {"port": N}. Ends when its standard input closes, so that it cannot
// outlive the test that started it.
'use strict';

const xray = require('aws-xray-sdk-core');
const { openSegment, closeSegment } = require('aws-xray-sdk-express');
const express = require('express');
const http = xray.captureHTTPs(require('http'));

xray.setDaemonAddress(process.argv[2]);
xray.setContextMissingStrategy('RUNTIME_ERROR'); // a lost context is a failed test, not a log line
xray.middleware.disableCentralizedSampling();
xray.middleware.setSamplingRules({ version: 2, rules: [], default: { fixed_target: 0, rate: 1 } });

const app = express();
app.use(openSegment('express-app'));

// Answers at once, with the header it was called with.
app.get('/direct', (request, response) => {
  response.json({ from: 'express', header: request.get('X-Amzn-Trace-Id') });
});

// Calls the given URL and hands its answer on.
app.get('/call', (request, response, next) => {
  http
    .get(request.query.url, (answer) => {
      response.status(answer.statusCode);
      answer.pipe(response);
    })
    .on('error', next);
});

app.use(closeSegment());

const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
