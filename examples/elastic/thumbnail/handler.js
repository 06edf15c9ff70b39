'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

// Stands for work that takes its time. What it returns is kept for whoever asks by the call's id, or sent to a callback.
module.exports = async (event, context) => {
  await sleep(1000)
  return context
    .status(200)
    .headers({ 'content-type': 'application/json' })
    .succeed({ made: `${event.query.of || 'picture'}.webp`, by: event.headers['x-call-id'] })
}
