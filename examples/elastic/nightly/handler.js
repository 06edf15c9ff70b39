'use strict'

// A failed run (429, 502, 503, 504) is tried again; the console tells when it last ran, and when it will run next.
module.exports = async (event, context) => context.status(200).succeed(`swept at ${new Date().toISOString()}\n`)
