import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type HeldCall, WaitingRoom } from './waiting-room.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const aRoom = (maxHeld = 100) => {
  const wanted: string[] = []
  return { wanted, room: new WaitingRoom({ maxHeld, onWanted: (name) => wanted.push(name) }) }
}
const hold = { calls: 3, ms: 5_000 }
const aCall = (said: string[], name: string, canGo = () => true): HeldCall => ({
  mayGo: canGo,
  go: () => void said.push(name),
  onHeldTooLong: () => said.push(`${name} too long`),
})

test('a function is wanted at once, again each second, and no more when nobody waits', () => {
  const { room, wanted } = aRoom()
  const calls = ['a', 'b'].map((name) => aCall([], name, () => false))
  for (const call of calls) room.enter(call, 'f.ada', hold)
  expect(wanted).toEqual(['f.ada'])
  vi.advanceTimersByTime(2_000)
  expect(wanted).toHaveLength(3)
  for (const call of calls) room.leave(call, 'f.ada')
  vi.advanceTimersByTime(5_000)
  expect(wanted).toHaveLength(3)
  expect(vi.getTimerCount()).toBe(0)
})

test('calls go on in the order they came, and wait behind one that cannot', () => {
  const { room } = aRoom()
  const said: string[] = []
  let free = 2
  for (const name of ['a', 'b', 'c'])
    room.enter(
      aCall(said, name, () => free-- > 0),
      'f.ada',
      hold,
    )
  room.changed('g.ada')
  expect(said).toEqual([])
  room.changed('f.ada')
  expect(said).toEqual(['a', 'b'])
  expect(room.count).toBe(1)
  free = 1
  room.allChanged()
  expect(said).toEqual(['a', 'b', 'c'])
})

test('while a call waits its line is looked at each second, whatever is heard', () => {
  const { room } = aRoom()
  const said: string[] = []
  let canGo = false
  room.enter(
    aCall(said, 'a', () => canGo),
    'f.ada',
    hold,
  )
  canGo = true
  vi.advanceTimersByTime(1_000)
  expect(said).toEqual(['a'])
})

test('a line has its bound, the room has its own, and a place that is left is free', () => {
  const { room } = aRoom(4)
  const held = [1, 2, 3].map((n) => aCall([], String(n)))
  for (const call of held) expect(room.enter(call, 'f.ada', hold)).toBeUndefined()
  expect(room.enter(aCall([], '4'), 'f.ada', hold)).toBe('line-full')
  expect(room.enter(aCall([], '5'), 'f.bob', hold)).toBeUndefined()
  expect(room.enter(aCall([], '6'), 'f.eve', hold)).toBe('room-full')
  for (const call of held.slice(0, 1)) room.leave(call, 'f.ada')
  for (const call of held.slice(0, 1)) room.leave(call, 'f.ada')
  expect(room.count).toBe(3)
  expect(room.enter(aCall([], '7'), 'f.ada', hold)).toBeUndefined()
})

test('each call has its own patience', () => {
  const { room } = aRoom()
  const said: string[] = []
  room.enter(
    aCall(said, 'a', () => false),
    'f.ada',
    hold,
  )
  vi.advanceTimersByTime(3_000)
  room.enter(
    aCall(said, 'b', () => false),
    'f.ada',
    hold,
  )
  vi.advanceTimersByTime(2_000)
  expect(said).toEqual(['a too long'])
  expect(room.heldOf('f.ada')).toBe(1)
})
