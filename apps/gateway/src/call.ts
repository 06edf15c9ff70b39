import type { IncomingMessage } from 'node:http'
import type { Admission } from './access/admission.ts'
import type { CallerResponse } from './caller-response.ts'
import type { WaitingRoom } from './hold/waiting-room.ts'
import type { RouteEntry } from './route-table.ts'
import type { Side } from './split.ts'

/** One call from a caller, ready to go to a function. */
export interface Call {
  req: IncomingMessage
  res: CallerResponse
  /** Asked before each attempt, so that a retry goes by the routes of that moment. */
  route: () => RouteEntry | undefined
  entry: RouteEntry
  /** Of a call that is drawn for one side of a split: where it is counted. */
  side: Side | undefined
  /** Of a call that is drawn for a canary: live, which answers what the canary cannot. */
  home: (() => RouteEntry | undefined) | undefined
  /** Where it waits while no replica can take it. */
  room: WaitingRoom
  /** What the door of the function says on the answer; undefined where it has nothing to say. */
  admission: Admission | undefined
  callId: string
  startTime: string
  hasBody: boolean
  expectsContinue: boolean
  isStopping: () => boolean
  /** Request line and header lines, as the function gets them. */
  head: string
  /** Bytes read behind the head of an upgrade request; undefined for every other call. */
  upgradeHead: Buffer | undefined
}
