import { BuildEvent } from '@pushfn/model/build-event'
import { openBus } from '@pushfn/store/bus'
import type { World } from '../../support/world.ts'

/** Calls `onEvent` for each event of any build of the world as it is told, until closed. */
export const watchBuilds = async (world: World, redisUrl: string, onEvent: (event: BuildEvent, id: string) => void) => {
  const bus = openBus(redisUrl, () => undefined)
  const subscriber = bus.redis.duplicate()
  const prefix = `${world.cloud}:build:`
  subscriber.on('pmessage', (_pattern, channel: string, message: string) =>
    onEvent(BuildEvent.parse(JSON.parse(message)), channel.slice(prefix.length)),
  )
  await subscriber.psubscribe(`${prefix}*`)
  return {
    close: async () => {
      subscriber.disconnect()
      await bus[Symbol.asyncDispose]()
    },
  }
}
