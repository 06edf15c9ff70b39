'use strict'

// What you change here is live a moment after you push it.
const greeting = 'Hello from your own functions cloud!'

module.exports = async (event, context) => {
  const name = event.query.name || 'friend'
  return context
    .status(200)
    .headers({ 'content-type': 'text/plain; charset=utf-8' })
    .succeed(`${greeting}\nNice to meet you, ${name}. You asked for ${event.method} ${event.path} at ${new Date().toISOString()}.\n`)
}
